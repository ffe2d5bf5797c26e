using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Leasing;

namespace Orchestrator.Tests.Maintenance;

// Containers that an operator, or a death, changed behind the store's back.
public sealed partial class ReconcilerTests
{
    private static readonly ExecRequest Echo = new(["echo", "hi"], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData("restarted")]
    [InlineData("disconnected")]
    public async Task Reconcile_OfAnotherAddressThanRecorded_IsEndedLikeADeadOne(string how)
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        var leased = (await orchestrator.ProvisionAsync("alice")).Runner;
        await orchestrator.FillAsync();
        foreach (var runner in world.Engine.Runners)
        {
            Action<string> change = how == "restarted" ? world.Engine.RestartByHand : world.Engine.TakeNetwork;
            change(runner.RunnerId);
        }

        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.Empty(world.Engine.Runners);
        var (next, created) = await orchestrator.ProvisionAsync("alice");
        Assert.True(created);
        Assert.NotEqual(leased.Id, next.Id);
    }

    [Fact]
    public async Task Reconcile_PausedByHand_IdleOneIsEndedAndLeasedOneThawed()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        var leased = (await orchestrator.ProvisionAsync("alice")).Runner;
        await orchestrator.FillAsync();
        foreach (var runner in world.Engine.Runners)
        {
            world.Engine.PauseByHand(runner.RunnerId);
        }

        await orchestrator.Reconciler.ReconcileAsync(default);

        var left = Assert.Single(world.Engine.Runners);
        Assert.Equal((leased.Id, false), (left.RunnerId, left.Paused));
        Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
    }

    [Fact]
    public async Task Exec_PausedByHand_ThawsAndRuns()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        world.Engine.PauseByHand(runner.Id);

        var result = await orchestrator.Leases.ExecAsync(
            world.Session, Owner.Session("alice"), Echo, new TextOutput(), default);

        Assert.Equal(0, result?.ExitCode);
        Assert.False(Assert.Single(world.Engine.Runners).Paused);
    }

    [Fact]
    public async Task Exec_DeadWithoutAnEvent_EndsTheRunnerAtOnce()
    {
        await using var world = new RunnerWorld();
        world.Engine.LosesEvents = true;
        var orchestrator = world.Start();
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        world.Engine.Die(runner.Id);

        Assert.Null(await orchestrator.Leases.ExecAsync(
            world.Session, Owner.Session("alice"), Echo, new TextOutput(), default));

        var (next, created) = await orchestrator.ProvisionAsync("alice");
        Assert.True(created);
        Assert.NotEqual(runner.Id, next.Id);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Run_AListingStillShowsTheDeadAsRunning_IsLookedAtUntilItAgrees()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Maintenance.StartAsync(default);
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        await Eventually.TrueAsync(() => world.Engine.IsWatched);
        world.Engine.LateFinds = 3;
        var died = world.Clock.GetUtcNow();
        world.Engine.Die(runner.Id);

        await using (RunnerLeasesTests.Pump(world))
        {
            await Eventually.TrueAsync(async () => await world.Store.GetAsync(runner.Id, default) is null);
        }

        // Well before the next round.
        Assert.True(world.Clock.GetUtcNow() - died < TimeSpan.FromSeconds(world.Options.ReconcileIntervalSeconds / 2));
        await orchestrator.Maintenance.StopAsync(default);
    }
}
