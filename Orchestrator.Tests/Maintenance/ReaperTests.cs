using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Maintenance;

public sealed class ReaperTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Sweep_HeartbeatsEveryFewSeconds_KeepsTheSessionThroughTwentySweeps()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("alice");

        for (var sweep = 0; sweep < 20; sweep++)
        {
            for (var beat = 0; beat < 6; beat++)
            {
                world.Clock.Advance(TimeSpan.FromSeconds(5));
                Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
            }

            await orchestrator.Reaper.SweepAsync(default);
        }

        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Sweep_Silence_EndsTheLeaseWithinOneSweepAfterItsTime()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");

        await SweepForAsync(world, orchestrator, TimeSpan.FromSeconds(30));
        Assert.Single(world.Engine.Runners);
        await SweepForAsync(world, orchestrator, TimeSpan.FromSeconds(30));

        Assert.Empty(world.Engine.Runners);
        Assert.Null(await orchestrator.HeartbeatAsync("alice"));
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Sweep_AMachine_NeverExpires()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.AssignAsync("p1");

        await SweepForAsync(world, orchestrator, TimeSpan.FromDays(1));

        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Sweep_AfterTenMinutesWithoutSweeps_GivesEveryLeaseItsFullTimeAnew()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        world.Clock.Advance(TimeSpan.FromMinutes(10));

        await orchestrator.Reaper.SweepAsync(default);
        Assert.Single(world.Engine.Runners);
        await SweepForAsync(world, orchestrator, Interval);
        Assert.Single(world.Engine.Runners);
        await SweepForAsync(world, orchestrator, Interval);

        Assert.Empty(world.Engine.Runners);
    }

    [Theory]
    [InlineData("activity")]
    [InlineData("remove")]
    public async Task Sweep_SuspendedWithinIt_GivesEveryLeaseItsFullTimeAnew(string meanwhile)
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("silent");
        await SweepForAsync(world, orchestrator, Interval);
        await orchestrator.ProvisionAsync("alice");
        world.Engine.Before = call =>
        {
            if (call == meanwhile)
            {
                world.Clock.SetWallClock(world.Clock.GetUtcNow() + TimeSpan.FromMinutes(10));
            }

            return Task.CompletedTask;
        };
        await SweepForAsync(world, orchestrator, Interval);
        world.Engine.Before = null;

        await orchestrator.Reaper.SweepAsync(default);

        Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
        Assert.Null(await orchestrator.HeartbeatAsync("silent"));
    }

    [Fact]
    public async Task Sweep_AfterARestart_GivesEveryLeaseItsFullTimeAnew()
    {
        await using var world = new RunnerWorld();
        await world.Start().ProvisionAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(3));
        var next = await world.RestartAsync();

        await next.Reaper.SweepAsync(default);

        var runner = await world.Store.FindAsync("session", Owner.Session("alice"), default);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(60), runner!.ExpiresAt);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(-600)]
    [Fault("clock-jumps", "clock", "the wall clock jumps ten minutes forward or back", "no live session is reaped", "simulated")]
    public async Task Sweep_TheWallClockJumps_LosesNoLiveSession(int seconds)
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        world.Clock.SetWallClock(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(seconds));

        await orchestrator.Reaper.SweepAsync(default);

        var runner = await world.Store.FindAsync("session", Owner.Session("alice"), default);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(60), runner!.ExpiresAt);
    }

    [Fact]
    [Fault("engine-away-sweeps", "engine", "unreachable for several sweeps", "nothing is reaped during that time; each lease then gets one full timeout", "simulated")]
    public async Task Sweep_EngineStopped_ReapsNothingAndRenewsAfterwards()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        world.Engine.Available = false;
        for (var i = 0; i < 5; i++)
        {
            world.Clock.Advance(Interval);
            await Assert.ThrowsAsync<EngineUnavailableException>(() => orchestrator.Reaper.SweepAsync(default));
        }

        world.Engine.Available = true;
        await orchestrator.Reaper.SweepAsync(default);

        Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    [Fault("store-refuses-writes", "store", "readable but not writable while leases expire", "nothing is reaped; each lease gets one full timeout once writes succeed", "simulated")]
    public async Task Sweep_StoreRefusedWrites_RenewsOnceItTakesThem()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        orchestrator.Store.Before = call => call is "expire" or "touch" or "renew all" ? throw new StoreUnavailableException("The disk is full.") : Task.CompletedTask;
        for (var i = 0; i < 4; i++)
        {
            world.Clock.Advance(Interval);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => orchestrator.HeartbeatAsync("alice"));
            await Record.ExceptionAsync(() => orchestrator.Reaper.SweepAsync(default));
        }

        orchestrator.Store.Before = null;
        await orchestrator.Reaper.SweepAsync(default);

        Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Sweep_HeartbeatBetweenTheLooks_KeepsTheLease()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        await SweepForAsync(world, orchestrator, Interval);
        world.Engine.Before = async call =>
        {
            if (call == "activity")
            {
                await orchestrator.HeartbeatAsync("alice");
            }
        };

        await SweepForAsync(world, orchestrator, Interval);

        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Sweep_TheRunnerTellsOfActivity_KeepsItForAnHourAtMost()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Engine.IdleTime = _ => TimeSpan.Zero;
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");

        await SweepForAsync(world, orchestrator, TimeSpan.FromSeconds(3_600));
        Assert.Single(world.Engine.Runners);
        await SweepForAsync(world, orchestrator, TimeSpan.FromSeconds(90));

        Assert.Empty(world.Engine.Runners);
    }

    [Fact]
    public async Task Sweep_OneRunnerCantBeRemoved_TheOthersAre()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Reaper.SweepAsync(default);
        await orchestrator.ProvisionAsync("alice");
        await orchestrator.ProvisionAsync("bob");
        var first = 0;
        world.Engine.Before = call => call == "remove" && Interlocked.Exchange(ref first, 1) == 0
            ? throw new EngineException("device busy") : Task.CompletedTask;

        await SweepForAsync(world, orchestrator, TimeSpan.FromSeconds(60));

        Assert.Single(world.Engine.Runners);
        await orchestrator.Reconciler.ReconcileAsync(default);
        Assert.Empty(world.Engine.Runners);
        await world.AssertAgreementAsync();
    }

    internal static async Task SweepForAsync(RunnerWorld world, TestOrchestrator orchestrator, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Interval)
        {
            world.Clock.Advance(Interval);
            await orchestrator.Reaper.SweepAsync(default);
        }
    }
}
