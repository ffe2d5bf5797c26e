using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Stores;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Maintenance;

public sealed class RunnerMetricsTests
{
    [Fact]
    public async Task Sweep_EndedWell_TellsWhen()
    {
        using var watch = new MetricWatch("orchestrator_last_sweep_timestamp_seconds");
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        // A moment that no other test's clock shows.
        world.Clock.Advance(TimeSpan.FromDays(40_001));

        await orchestrator.Reaper.SweepAsync(default);

        Assert.Contains((world.Clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000d, ""), watch.Observe());
    }

    [Fact]
    public async Task Sweep_EngineAway_KeepsTheLastMoment()
    {
        using var watch = new MetricWatch("orchestrator_last_sweep_timestamp_seconds");
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Clock.Advance(TimeSpan.FromDays(40_002));
        world.Engine.Available = false;

        await Assert.ThrowsAnyAsync<EngineException>(() => orchestrator.Reaper.SweepAsync(default));

        Assert.DoesNotContain((world.Clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000d, ""), watch.Observe());
    }

    [Fact]
    public async Task Maintenance_AtItsStart_TellsZerosAndWhatIsConfigured()
    {
        using var failures = new MetricWatch("orchestrator_provision_failures_total");
        using var idle = new MetricWatch("orchestrator_pool_min_idle");
        using var interval = new MetricWatch("orchestrator_sweep_interval_seconds");
        await using var world = new RunnerWorld(o => o.CleanupIntervalSeconds = 29.125);
        var orchestrator = world.Start();

        await orchestrator.Maintenance.StartAsync(default);
        await Eventually.TrueAsync(() => interval.Observe().Contains((29.125, "")));
        await orchestrator.Maintenance.StopAsync(default);

        Assert.Contains((0, $"reason=engine,template={world.Session.Name}"), failures.Heard);
        Assert.Contains((world.Machine.MinIdle, $"template={world.Machine.Name}"), idle.Heard);
    }

    [Theory]
    [InlineData("capacity")]
    [InlineData("image")]
    [InlineData("not_ready")]
    [InlineData("engine")]
    [InlineData("store")]
    [InlineData("other")]
    public async Task Watch_ACallWithoutARunner_CountsItsReason(string reason)
    {
        using var watch = new MetricWatch("orchestrator_provision_failures_total");
        await using var world = new RunnerWorld();
        var template = world.Session with { Name = $"watch-{reason}" };
        Exception cause = reason switch
        {
            "capacity" => new CapacityExhaustedException(template.Name, TimeSpan.FromSeconds(1)),
            "image" => new RunnerImageMissingException("none"),
            "not_ready" => new RunnerNotReadyException("late"),
            "engine" => new EngineUnavailableException("away"),
            "store" => new StoreUnavailableException("away"),
            _ => new InvalidOperationException("defect"),
        };

        var thrown = await Record.ExceptionAsync(() =>
            RunnerMetrics.WatchAsync(Task.FromException<ProvisionResult>(cause), template, CancellationToken.None));

        Assert.Same(cause, thrown);
        Assert.Contains((1, $"reason={reason},template={template.Name}"), watch.Heard);
    }

    [Fact]
    public async Task Watch_TheCallerLeft_IsNoFailure()
    {
        using var watch = new MetricWatch("orchestrator_provision_failures_total");
        await using var world = new RunnerWorld();
        var template = world.Session with { Name = "watch-left" };
        using var left = new CancellationTokenSource();
        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RunnerMetrics.WatchAsync(Task.FromCanceled<ProvisionResult>(left.Token), template, left.Token));

        Assert.DoesNotContain(watch.Heard, heard => heard.Tags.Contains("watch-left", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Provision_EngineAway_CountsOnce()
    {
        using var watch = new MetricWatch("orchestrator_provision_failures_total");
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var template = world.Session with { Name = "provision-away" };
        world.Engine.Available = false;

        await Assert.ThrowsAnyAsync<EngineException>(() =>
            orchestrator.Leases.ProvisionAsync(template, Owner.Session("alice"), RunnerNetwork.Bridge, default));

        Assert.Equal((1, "reason=engine,template=provision-away"), Assert.Single(watch.Heard, heard => heard.Tags.Contains("provision-away", StringComparison.Ordinal)));
    }
}
