using System.Globalization;
using System.Net.Sockets;

namespace Orchestrator.Engines.Probes;

/// <summary>Ready when an address accepts a connection.</summary>
internal sealed class TcpProbe(string host, int port) : IReadinessProbe
{
    public string Target => string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:{port}");

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
