using System.Diagnostics;
using Orchestrator.Client;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>The way to the engine breaks under load and is mended: said honestly meanwhile, nothing lost, nothing reaped.</summary>
[Collection(Alone.Name)]
public sealed class UnreachableEngineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("engine-unreachable", "engine", "the connection to it is cut under load, then restored", "503 until it is back; heartbeats succeed; nothing lost, nothing reaped")]
    public async Task Engine_UnreachableUnderLoadAndBack_NothingLostNothingReaped()
    {
        Components.RequireEngineSocket();
        await using var relay = new SocketRelay(Components.EngineSocket);
        relay.Open();
        await using var server = await ApiServer.StartAsync(
            $"--DOCKER_HOST=unix://{relay.Path}", "--INACTIVITY_TIMEOUT_SECONDS=4", "--CLEANUP_INTERVAL_SECONDS=0.3",
            "--Runners:OrphanGraceSeconds=2", "--Runners:ReconcileIntervalSeconds=0.5");
        var beating = await server.ProvisionAsync("beating");
        var container = (await server.FindAsync("beating"))!.ContainerId;
        await using var load = new ProvisionLoad(server, callers: 2, "beating");
        await load.SeeAsync(201, 2, "Provisions before the cut");

        // Nobody speaks for this one while its lease runs out.
        var silent = await server.ProvisionAsync("silent");
        relay.Close();
        var cut = Stopwatch.GetTimestamp();

        await load.SeeAsync(503, 4, "Answers while the engine is away");
        Assert.Equal(beating.Text("runnerId"), (await server.ProvisionAsync("beating", 200)).Text("runnerId"));
        await server.Machines.GetAsync("/health", Cancel)
            .AnswersAsync(503, """{"status":"error","docker":"disconnected","error":"Docker connection failed"}""");
        using (var assignment = await server.Machines.GetAsync("/project", Cancel))
        {
            Assert.True(assignment.Headers.RetryAfter?.Delta > TimeSpan.Zero);
            await Task.FromResult(assignment).FailsAsync(503, "Failed to create worker or no machines available");
        }

        var deadline = (await server.FindAsync("silent"))!.ExpiresAt;
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > deadline + TimeSpan.FromSeconds(1), what: "The end of the lease's time");
        Assert.NotNull(await server.FindAsync("silent"));
        var mended = Stopwatch.GetTimestamp();
        relay.Open();

        // The first sweep finds a lease whose time is over, and gives it its full time anew.
        await Eventually.TrueAsync(async () => Assert.IsType<RunnerEntry>(await server.FindAsync("silent")).ExpiresAt > deadline, what: "A full lease");
        Assert.Equal(200, await server.HeartbeatAsync("silent"));
        Assert.Equal(silent.Text("runnerId"), (await server.ProvisionAsync("silent", 200)).Text("runnerId"));
        await load.SeeAsync(201, 2, "Provisions after the cut");
        await load.StopAsync();

        Assert.All(load.Heartbeats, status => Assert.Equal(200, status));
        Assert.All(load.Answers, answer => Assert.True(answer.Status is 201 or 503, answer.ToString()));
        Assert.All(load.Answers.Where(answer => answer.Status == 503), answer => Assert.True(answer.RetryAfter > TimeSpan.Zero, answer.ToString()));
        Assert.All(load.Answers.Where(answer => answer.Begun > cut && answer.Ended < mended), answer => Assert.Equal(503, answer.Status));
        Assert.Contains(container, await server.Containers.IdsAsync());
        await server.SettlesAsync(TimeSpan.FromSeconds(40));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_TheWayToTheEngineBreaksMeanwhile_GoesOn(bool forGood)
    {
        Components.RequireEngineSocket();
        await using var relay = new SocketRelay(Components.EngineSocket);
        relay.Open();
        await using var server = await ApiServer.StartAsync($"--DOCKER_HOST=unix://{relay.Path}");
        await server.ProvisionAsync("cut");
        var command = server.Sessions.PostAsync(
            "/api/runner/cut/exec", """{"command":["bash","-c","touch /tmp/begun; until test -f /tmp/end; do sleep 0.1; done; echo ended"]}""");
        await Eventually.TrueAsync(
            async () => (await server.ExecAsync("cut", "test -f /tmp/begun; echo $?")).Text("stdout") == "0\n", what: "The command's beginning");

        if (forGood)
        {
            relay.Close();
        }
        else
        {
            relay.BreakConnections();
        }

        await server.ExecAsync("cut", "touch /tmp/end");
        Assert.Equal("ended\n", (await command.JsonAsync(200)).Text("stdout"));
    }
}
