using System.Diagnostics;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// The engine itself is stopped and started under load. It takes everybody's containers with it, so it is done only
/// where <c>ORCHESTRATOR_MAY_RESTART_ENGINE=1</c> says that the engine is there for these tests.
/// </summary>
[Collection(Alone.Name)]
public sealed class RestartedEngineTests
{
    [Fact]
    [Fault("engine-restarted", "engine", "stopped and started under load, taking every container with it", "calls report the lost runners and provisions give new ones, without a restart of ours")]
    public async Task Engine_StoppedAndStartedUnderLoad_RecoversWithoutARestart()
    {
        await InstanceContainers.RequireAsync();
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("ORCHESTRATOR_MAY_RESTART_ENGINE") == "1",
            Component.EngineRestart.Reason("the test stops the engine, and that is not allowed"));
        var engine = EngineProcess.Find();
        await using var server = await ApiServer.StartAsync(
            "--INACTIVITY_TIMEOUT_SECONDS=10", "--CLEANUP_INTERVAL_SECONDS=0.3", "--Runners:OrphanGraceSeconds=2", "--Runners:ReconcileIntervalSeconds=0.5");
        var before = await server.ProvisionAsync("owner");
        await using var load = new ProvisionLoad(server, callers: 2);
        await load.SeeAsync(201, 2, "Provisions before the stop");

        long stopped, starting;
        try
        {
            await engine.StopAsync();
            stopped = Stopwatch.GetTimestamp();
            await load.SeeAsync(503, 4, "Answers while the engine is stopped");
            starting = Stopwatch.GetTimestamp();
        }
        finally
        {
            await engine.StartAsync();
        }

        await load.SeeAsync(201, 2, "Provisions after the start");
        await load.StopAsync();

        var meanwhile = load.Answers.Where(answer => answer.Begun > stopped && answer.Ended < starting).ToList();
        Assert.NotEmpty(meanwhile);
        // While it stops: made in time, not to be had, or taken away before it was ready.
        Assert.All(load.Answers, answer => Assert.True(answer.Status is 201 or 503 or 504, answer.ToString()));
        Assert.All(meanwhile, answer => Assert.True(answer is { Status: 503, RetryAfter.TotalSeconds: > 0 }, answer.ToString()));
        // What the stop took away its owner is told of, and gets anew.
        await Eventually.TrueAsync(async () => await server.HeartbeatAsync("owner") == 404, what: "A heartbeat that finds nothing");
        Assert.NotEqual(before.Text("runnerId"), (await server.ProvisionAsync("owner")).Text("runnerId"));
        await server.SettlesAsync(TimeSpan.FromSeconds(40));
    }
}
