using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines;

/// <summary>
/// Serves published ports on <c>[::1]</c> too, where endpoints say <c>localhost</c> and the engine publishes on 127.0.0.1: some
/// clients take only the first address that the name has. An engine asked for both addresses chooses a port for each. Bytes are
/// passed on as they come; a port that another process serves on <c>[::1]</c> is left to it.
/// </summary>
public sealed class LocalhostRelay : IDisposable
{
    private const int MaxPorts = 4_096;
    private const int MaxConnections = 1_024;

    private readonly ConcurrentDictionary<int, Socket> _listeners = new();
    private readonly SemaphoreSlim _places = new(MaxConnections);
    private readonly bool _isNeeded;
    private HashSet<int> _missing = [];

    /// <summary>A relay by the settings; without <c>localhost</c> or 127.0.0.1 in them it serves nothing.</summary>
    public LocalhostRelay(RunnersOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _isNeeded = Socket.OSSupportsIPv6 && options.Bind == "127.0.0.1" && string.IsNullOrEmpty(options.ProbeHost)
            && PublishedPorts.HostOf(options).Equals("localhost", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Serves a port from now on. Idempotent.</summary>
    public void Open(int port)
    {
        if (!_isNeeded || _listeners.ContainsKey(port) || _listeners.Count >= MaxPorts)
        {
            return;
        }

        var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, port));
            listener.Listen();
        }
        catch (SocketException)
        {
            listener.Dispose();
            return;
        }

        if (_listeners.TryAdd(port, listener))
        {
            _ = AcceptAsync(listener, port);
        }
        else
        {
            listener.Dispose();
        }
    }

    /// <summary>
    /// Serves the ports of a listing of all runners, and stops serving those that two listings in a row lack: a runner that
    /// started during the first one is in the second.
    /// </summary>
    public void Keep(IEnumerable<int> ports)
    {
        var listed = ports.ToHashSet();
        var missing = _listeners.Keys.Where(port => !listed.Contains(port)).ToHashSet();
        foreach (var port in missing.Where(_missing.Contains))
        {
            if (_listeners.TryRemove(port, out var listener))
            {
                listener.Dispose();
            }
        }

        _missing = missing;
        foreach (var port in listed)
        {
            Open(port);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var listener in _listeners.Values)
        {
            listener.Dispose();
        }
    }

    private async Task AcceptAsync(Socket listener, int port)
    {
        while (true)
        {
            // Further connections wait in the backlog.
            await _places.WaitAsync().ConfigureAwait(false);
            try
            {
                _ = RelayAsync(await listener.AcceptAsync(), port);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                _places.Release();
                if (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
                {
                    return;
                }

                // Out of files, perhaps: not at once again.
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private async Task RelayAsync(Socket client, int port)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            (client.NoDelay, server.NoDelay) = (true, true);
            // Both before the first half-close, after which a socket counts as not connected and gives no stream.
            await using var outside = new NetworkStream(client);
            await using var inside = new NetworkStream(server);
            await Task.WhenAll(PassAsync(outside, inside), PassAsync(inside, outside));
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            // Either side left; the other learns of it by the closing of its connection.
        }
        finally
        {
            client.Dispose();
            _places.Release();
        }
    }

    private static async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        try
        {
            await from.CopyToAsync(to);
            to.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception)
        {
            // Ends the other direction too.
            from.Socket.Dispose();
            to.Socket.Dispose();
            throw;
        }
    }
}
