using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Tasks.Callbacks;

namespace Orchestrator.Worker.Callbacks;

/// <summary>A callback's host currently resolves to an address that callbacks must not reach.</summary>
internal sealed class CallbackRefusedException(string message) : Exception(message);

/// <summary>Opens the connections of callbacks: the resolved address is checked here, where it can't change any more.</summary>
internal static class CallbackConnect
{
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);
        foreach (var address in addresses)
        {
            if (CallbackRules.RefuseAddress(host, address) is { } kind)
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
