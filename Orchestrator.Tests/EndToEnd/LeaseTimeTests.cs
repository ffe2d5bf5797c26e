using System.Diagnostics;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>When leases end and when they do not, by the real clock with short time-outs.</summary>
[Collection(Alone.Name)]
public sealed class LeaseTimeTests
{
    private const double Timeout = 3;
    private const double Sweep = 0.3;

    private static readonly string[] Settings = [$"--INACTIVITY_TIMEOUT_SECONDS={Timeout}", $"--CLEANUP_INTERVAL_SECONDS={Sweep}"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lease_SignsOfLifeKeepIt_SilenceEndsItWithinOneSweep()
    {
        await using var server = await ApiServer.StartAsync(Settings);

        await Task.WhenAll(BeatAsync(server), WorkAsync(server), KeepSilentAsync(server));

        await Eventually.TrueAsync(async () => (await server.Containers.ListAsync()).Count == 0, TimeSpan.FromSeconds(10), "No container");
    }

    [Fact]
    [Fault("api-suspended", "API", "stopped with SIGSTOP for longer than every lease, then resumed", "no live session is reaped")]
    public async Task Suspended_LongerThanTheLeases_NoLiveSessionIsLost()
    {
        await using var server = await ApiServer.StartAsync([.. Settings, "--Runners:MinIdle=3"]);
        await Eventually.TrueAsync(
            async () => (await server.RunnersAsync()).Count(runner => runner.State == "idle") == 3, TimeSpan.FromSeconds(60), "A pool of three");
        var runners = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => server.ProvisionAsync($"live-{i}")));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 3).Select(i => server.HeartbeatAsync($"live-{i}"))), status => Assert.Equal(200, status));

        await server.SignalAsync("STOP");
        // A stopped process shows nothing, and its clock is the real one.
        await Task.Delay(TimeSpan.FromSeconds(Timeout + (4 * Sweep)), Cancel);
        await server.SignalAsync("CONT");

        // Their owners were not away: their next heartbeats come, and a few sweeps go by.
        var watch = Stopwatch.StartNew();
        do
        {
            await Pace.PauseAsync(100, Cancel);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 3).Select(i => server.HeartbeatAsync($"live-{i}"))), status => Assert.Equal(200, status));
        }
        while (watch.Elapsed < TimeSpan.FromSeconds(5 * Sweep));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(runners[i].Text("runnerId"), (await server.ProvisionAsync($"live-{i}", 200)).Text("runnerId"));
        }

        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => EndsInTimeAsync(server, $"live-{i}")));
    }

    private static async Task BeatAsync(ApiServer server)
    {
        await server.ProvisionAsync("beating");
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(20 * Sweep))
        {
            Assert.Equal(200, await server.HeartbeatAsync("beating"));
            await Pace.PauseAsync(TimeSpan.FromSeconds(Timeout / 4), Cancel);
        }

        await EndsInTimeAsync(server, "beating");
    }

    private static async Task WorkAsync(ApiServer server)
    {
        await server.ProvisionAsync("working");
        Assert.Equal("done\n", (await server.ExecAsync("working", $"sleep {2.5 * Timeout}; echo done")).Text("stdout"));
        Assert.Equal(200, await server.HeartbeatAsync("working"));
        await EndsInTimeAsync(server, "working");
    }

    private static async Task KeepSilentAsync(ApiServer server)
    {
        await server.ProvisionAsync("silent");
        await EndsInTimeAsync(server, "silent");
    }

    /// <summary>Watches a session that is silent from now on: its lease holds until its deadline and is gone one sweep later.</summary>
    private static async Task EndsInTimeAsync(ApiServer server, string session)
    {
        // What a loaded machine may add to a sweep and to this look at it.
        var patience = TimeSpan.FromSeconds(1.5);
        DateTimeOffset? deadline = null;
        while (await server.FindAsync(session) is { } runner)
        {
            deadline = runner.ExpiresAt;
            Assert.True(DateTimeOffset.UtcNow < deadline + TimeSpan.FromSeconds(Sweep) + patience, $"{session} outlives its deadline {deadline:O}.");
            await Pace.PauseAsync(30, Cancel);
        }

        Assert.NotNull(deadline);
        Assert.True(DateTimeOffset.UtcNow >= deadline, $"{session} ended before {deadline:O}.");
    }
}
