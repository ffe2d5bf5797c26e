using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>What a relay does to one HTTP call that comes through it.</summary>
public enum RelayFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It answers 500 itself; the call never arrives.</summary>
    ServerError,

    /// <summary>It answers 403 itself; the call never arrives.</summary>
    Forbidden,

    /// <summary>The call arrives, and the connection ends before a word of the answer comes back.</summary>
    AnswerLost,

    /// <summary>The call arrives, and the connection ends in the middle of the answer.</summary>
    AnswerCut,
}

/// <summary>
/// A way to the engine's socket, or to a port, that a test can close, open, clog and slow down; calls of HTTP that come
/// through can be failed one by one, and events be lost.
/// </summary>
public sealed class SocketRelay : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly EndPoint _target;
    private EndPoint _own;
    private Socket? _listener;
    private int _connections;

    /// <summary>A relay in front of a Unix socket, with one of its own.</summary>
    public SocketRelay(string target)
        : this(new UnixDomainSocketEndPoint(target), null) =>
        _own = new UnixDomainSocketEndPoint(Path);

    /// <summary>A relay in front of a local port, with one of its own that the first <see cref="Open"/> chooses.</summary>
    public SocketRelay(int port)
        : this(new IPEndPoint(IPAddress.Loopback, port), new IPEndPoint(IPAddress.Loopback, 0))
    {
    }

    private SocketRelay(EndPoint target, EndPoint? own) => (_target, _own) = (target, own!);

    /// <summary>The relay's own socket.</summary>
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"relay-{Guid.NewGuid():N}"[..20] + ".sock");

    /// <summary>The relay's own port.</summary>
    public int Port => ((IPEndPoint)_own).Port;

    /// <summary>While set, connections are taken and kept, and nothing comes through.</summary>
    public bool Clogged { get; set; }

    /// <summary>How late every piece comes through.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>What happens to an HTTP call, by its request line; called once for each.</summary>
    public Func<string, RelayFault>? Fault { get; set; }

    /// <summary>While set, events of the engine do not come through, though their streams stay open.</summary>
    public bool LosesEvents { get; set; }

    /// <summary>How many connections were taken.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Begins to take connections.</summary>
    public void Open()
    {
        var unix = _own is UnixDomainSocketEndPoint;
        if (unix)
        {
            File.Delete(Path);
        }

        _listener = new Socket(_own.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        _listener.Bind(_own);
        _listener.Listen(100);
        _own = unix ? _own : _listener.LocalEndPoint!;
        _ = AcceptAsync(_listener);
    }

    /// <summary>Ends every connection and takes no more.</summary>
    public void Close()
    {
        _listener?.Dispose();
        File.Delete(Path);
        BreakConnections();
    }

    /// <summary>Ends every connection.</summary>
    public void BreakConnections()
    {
        foreach (var socket in _sockets.Keys)
        {
            End(socket);
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return default;
    }

    /// <summary>Ends one connection's socket.</summary>
    internal void End(Socket socket)
    {
        _sockets.TryRemove(socket, out _);
        socket.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                var far = new Socket(_target.AddressFamily, SocketType.Stream, _target is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
                _sockets[near] = _sockets[far] = true;
                try
                {
                    await far.ConnectAsync(_target);
                    // Elsewhere: a fault may hold a call up, and the next connection is taken meanwhile.
                    _ = Task.Run(new RelayedConnection(this, near, far).RunAsync);
                }
                catch (SocketException)
                {
                    // Nobody is there: as if nobody were here.
                    End(near);
                    End(far);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }
}
