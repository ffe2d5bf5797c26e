using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Tests.Infrastructure;

public sealed class SocketRelayTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_HeldUpByAFault_LeavesTheNextConnectionAlone()
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        await using var relay = new SocketRelay(((IPEndPoint)target.LocalEndpoint).Port);
        var (held, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        relay.Fault = _ =>
        {
            held.SetResult();
            released.Task.Wait(Cancel);
            return RelayFault.None;
        };
        relay.Open();
        try
        {
            using var first = new TcpClient();
            await first.ConnectAsync(IPAddress.Loopback, relay.Port, Cancel);
            await first.GetStream().WriteAsync("GET /held HTTP/1.1\r\n\r\n"u8.ToArray(), Cancel);
            await held.Task.WaitAsync(TimeSpan.FromSeconds(15), Cancel);

            using var second = new TcpClient();
            await second.ConnectAsync(IPAddress.Loopback, relay.Port, Cancel);

            await Eventually.TrueAsync(() => relay.Connections == 2, TimeSpan.FromSeconds(15), "The second connection");
        }
        finally
        {
            released.SetResult();
        }
    }
}
