using System.Net.Sockets;
using Orchestrator.Core;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>Reaches guests at the ports that their engine publishes.</summary>
internal sealed class AddressConnector(PublishedPorts ports) : IGuestConnector
{
    public async ValueTask<Stream> ConnectAsync(RunnerPlacement placement, CancellationToken cancellationToken)
    {
        if (placement.Port is not { } port)
        {
            throw new IOException("The runner has no published port.");
        }

        var address = ports.AddressOf(port).Internal;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.IdnHost, address.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new IOException(error.Message, error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
