using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Pooling;

public sealed class PoolKeeperTests
{
    [Fact]
    public async Task Keep_AnEmptyPool_StartsNoMoreThanAllowedAtATime()
    {
        await using var world = new RunnerWorld(o => { o.MinIdle = 12; o.MaxParallelStarts = 3; });
        var orchestrator = world.Start();
        var (running, most) = (0, 0);
        world.Engine.Before = async call =>
        {
            if (call == "start")
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                await Pace.PauseAsync(2);
                Interlocked.Decrement(ref running);
            }
        };

        await orchestrator.FillAsync();

        Assert.Equal(12, world.Engine.Started);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task Keep_TwoInstances_FillThePoolOnce()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 5);
        var (first, second) = (world.Start(), world.Start());

        await Task.WhenAll(first.FillAsync(), second.FillAsync());

        Assert.Equal(5, world.Engine.Started);
    }

    [Fact]
    public async Task Keep_TheEngineFails_TriesOneAtATimeWithGrowingPauses()
    {
        await using var world = new RunnerWorld(o => { o.MinIdle = 10; o.MaxParallelStarts = 4; });
        var orchestrator = world.Start();
        var starts = 0;
        world.Engine.Before = call =>
        {
            if (call == "start")
            {
                Interlocked.Increment(ref starts);
                throw new EngineException("no space left on device");
            }

            return Task.CompletedTask;
        };

        for (var second = 0; second < 120; second++)
        {
            await orchestrator.Keeper(world.Session).KeepAsync(default);
            await orchestrator.Keeper(world.Session).DrainAsync();
            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        // Four at first; then pauses of about 0.5, 1, 2, 4, 8, 16, 30, 30 … seconds, each a quarter off at most.
        Assert.InRange(starts, 8, 16);
        world.Engine.Before = null;
        world.Clock.Advance(TimeSpan.FromSeconds(40));
        await orchestrator.FillAsync();
        Assert.Equal(10, world.Engine.Runners.Count);
    }

    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    public async Task Keep_TheWallClockJumpsInAPause_ThePauseStaysAsLong(int seconds)
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        var orchestrator = world.Start();
        var starts = 0;
        world.Engine.Before = call => call == "start" && Interlocked.Increment(ref starts) == 1 ? throw new EngineException("no space left on device") : Task.CompletedTask;
        await orchestrator.Keeper(world.Session).KeepAsync(default);
        await orchestrator.Keeper(world.Session).DrainAsync();

        world.Clock.SetWallClock(world.Clock.GetUtcNow().AddSeconds(seconds));
        await orchestrator.Keeper(world.Session).KeepAsync(default);
        Assert.Equal(1, starts);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await orchestrator.FillAsync();

        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Keep_MoreIdleThanWanted_RemovesTheOldestAfterFiveMinutes()
    {
        await using var world = new RunnerWorld(machines: o => { o.MinIdle = 1; o.MaxIdle = 2; });
        var orchestrator = world.Start();
        for (var i = 0; i < 5; i++)
        {
            await orchestrator.AssignAsync($"p{i}");
        }

        for (var i = 0; i < 5; i++)
        {
            world.Clock.Advance(TimeSpan.FromSeconds(1));
            await orchestrator.Leases.ReleaseAsync(world.Machine, Owner.Machine($"p{i}"), default);
        }

        await orchestrator.Keeper(world.Machine).KeepAsync(default);
        Assert.Equal(5, world.Engine.Runners.Count);
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        await orchestrator.Keeper(world.Machine).KeepAsync(default);

        Assert.Equal([9096, 9097], world.Engine.Runners.Select(r => r.Placement.Port!.Value).Order());
    }

    [Fact]
    public async Task Keep_AtTheLimit_KeepsNothingThatCouldNeverBeLeased()
    {
        await using var world = new RunnerWorld(o => { o.MinIdle = 3; o.MaxConcurrent = 4; });
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        for (var i = 0; i < 4; i++)
        {
            await orchestrator.ProvisionAsync($"s{i}");
            await orchestrator.FillAsync();
        }

        Assert.Equal(4, world.Engine.Runners.Count);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    [Fact]
    public async Task Drain_IdleAndLeased_RemovesTheIdleOnesAndThePoolFillsAgain()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 3);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        var leased = (await orchestrator.ProvisionAsync("alice")).Runner;
        await orchestrator.FillAsync();
        var before = world.Engine.Runners.Select(runner => runner.RunnerId).ToHashSet();

        var removed = await orchestrator.Leases.DrainAsync(default);

        Assert.Equal(before.Count - 1, removed);
        Assert.Equal(leased.Id, Assert.Single(world.Engine.Runners).RunnerId);
        await orchestrator.FillAsync();
        Assert.All(world.Engine.Runners, runner => Assert.True(runner.RunnerId == leased.Id || !before.Contains(runner.RunnerId)));
        await world.AssertAgreementAsync();
    }
}
