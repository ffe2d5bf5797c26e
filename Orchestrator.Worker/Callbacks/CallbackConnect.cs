using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Tasks.Callbacks;

namespace Orchestrator.Worker.Callbacks;

/// <summary>A callback's host currently resolves to an address that callbacks must not reach.</summary>
internal sealed class CallbackRefusedException(string message) : Exception(message);

/// <summary>
/// Opens the connections of callbacks. A name is resolved once: the addresses that are checked here are those that are
/// connected to.
/// </summary>
/// <param name="allowPrivate">Whether names may resolve to private addresses.</param>
/// <param name="resolve">Resolves a name.</param>
internal sealed class CallbackConnect(bool allowPrivate, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await resolve(host, cancellationToken);
        foreach (var address in addresses)
        {
            if (CallbackRules.RefuseAddress(host, address, allowPrivate) is { } kind)
            {
                throw new CallbackRefusedException($"{host} resolves to {kind}.");
            }
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
