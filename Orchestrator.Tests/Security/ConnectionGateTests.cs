using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>How many connections the listeners hold, and for how long without a request.</summary>
public sealed class ConnectionGateTests
{
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, 420, 210, 157)]
    [InlineData(null, 20_000, 10_000, 7_500)]
    [InlineData(null, long.MaxValue, 10_000, 7_500)]
    [InlineData(64, 420, 64, 48)]
    [InlineData(50_000, 420, 50_000, 37_500)]
    [InlineData(null, 1, 1, 1)]
    public void Limits_OfOpenFilesOrSetting_LeaveTheRestToTheProcess(int? configured, long freeFiles, int total, int perAddress) =>
        Assert.Equal(new ConnectionLimits(total, perAddress), ConnectionLimits.Of(configured, freeFiles));

    [Fact]
    public async Task Run_PastAnAddressesShare_IsAbortedAndOthersAreNot()
    {
        using var gate = NewGate(total: 4, perAddress: 3);
        var end = new TaskCompletionSource();
        var crowd = Enumerable.Range(0, 3).Select(_ => RunAsync(gate, "10.0.0.1", end.Task)).ToList();

        Assert.True(await IsRefusedAsync(gate, "10.0.0.1"));
        Assert.False(await IsRefusedAsync(gate, "10.0.0.2"));

        end.SetResult();
        await Task.WhenAll(crowd);
        Assert.False(await IsRefusedAsync(gate, "10.0.0.1"));
    }

    [Fact]
    public async Task Enter_Full_WaitsForAPlace()
    {
        using var gate = NewGate(total: 1, perAddress: 1);
        var end = new TaskCompletionSource();
        var first = RunAsync(gate, "10.0.0.1", end.Task);

        var second = RunAsync(gate, "10.0.0.2", Task.CompletedTask);
        Assert.False(second.IsCompleted);
        using var stop = new CancellationTokenSource();
        var third = gate.EnterAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);

        end.SetResult();
        await first;
        Assert.False(await second);
    }

    [Fact]
    public async Task Run_ConnectionFails_GivesItsPlaceBack()
    {
        using var gate = NewGate(total: 1, perAddress: 1);

        await Assert.ThrowsAsync<IOException>(() => RunAsync(gate, "10.0.0.1", Task.FromException(new IOException())));

        Assert.False(await IsRefusedAsync(gate, "10.0.0.1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_FirstRequest_KeepsTheConnectionPastItsDeadline(bool requests)
    {
        var connection = NewConnection("10.0.0.1");
        var end = new TaskCompletionSource();
        using var gate = NewGate(total: 1, perAddress: 1);
        await gate.EnterAsync(Cancel);
        var running = gate.RunAsync(connection, _ => end.Task);
        if (requests)
        {
            connection.Features.Get<FirstRequestDeadline>()!.Met();
        }

        _time.Advance(ConnectionGate.FirstRequestTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => connection.ConnectionClosed.IsCancellationRequested == !requests);

        end.SetResult();
        await running;
    }

    [Fact]
    public async Task Setting_MaxConnections_HoldsOverAllListeners()
    {
        await using var api = await ApiHost.StartAsync("--Security:MaxConnections=8");
        var crowd = new List<TcpClient>();
        try
        {
            foreach (var listener in Enum.GetValues<Listener>())
            {
                for (var i = 0; i < 2; i++)
                {
                    crowd.Add(new TcpClient());
                    await crowd[^1].ConnectAsync(IPAddress.Loopback, api.PortOf(listener), Cancel);
                }
            }

            Assert.False(await api.Sessions.IsServedAsync());
        }
        finally
        {
            crowd.ForEach(client => client.Dispose());
        }

        await Eventually.TrueAsync(api.Sessions.IsServedAsync);
    }

    private static Task<bool> IsRefusedAsync(ConnectionGate gate, string address) => RunAsync(gate, address, Task.CompletedTask);

    private static async Task<bool> RunAsync(ConnectionGate gate, string address, Task end)
    {
        var refused = true;
        await gate.EnterAsync(Cancel);
        await gate.RunAsync(NewConnection(address), _ =>
        {
            refused = false;
            return end;
        });
        return refused;
    }

    private static DefaultConnectionContext NewConnection(string address) =>
        new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40_000) };

    private ConnectionGate NewGate(int total, int perAddress) =>
        new(new ConnectionLimits(total, perAddress), _time, NullLogger<ConnectionGate>.Instance);
}
