using Orchestrator.Core.Leasing;
using Orchestrator.Core.Pooling;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

public sealed class CapacityTests
{
    [Fact]
    public async Task Provision_AtTheLimit_WaitsInArrivalOrder()
    {
        await using var world = new RunnerWorld(o => { o.MaxConcurrent = 1; o.ProvisionWaitSeconds = 600; });
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("first");
        var order = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var waiting = new List<Task>();
        for (var i = 0; i < 5; i++)
        {
            var timers = world.Clock.PendingTimers;
            var name = $"w{i}";
            waiting.Add(Task.Run(async () =>
            {
                await orchestrator.ProvisionAsync(name);
                order.Enqueue(name);
                await orchestrator.DeprovisionAsync(name);
            }));
            await Eventually.TrueAsync(() => world.Clock.PendingTimers > timers);
        }

        await orchestrator.DeprovisionAsync("first");
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["w0", "w1", "w2", "w3", "w4"], order);
    }

    [Fact]
    public async Task Provision_OthersWait_DoesNotOvertakeThem()
    {
        await using var world = new RunnerWorld(o => { o.MaxConcurrent = 1; o.ProvisionWaitSeconds = 600; });
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("first");
        var timers = world.Clock.PendingTimers;
        var early = Task.Run(() => orchestrator.ProvisionAsync("early"));
        await Eventually.TrueAsync(() => world.Clock.PendingTimers > timers);

        // The place becomes free, and whoever came first is slow to take it.
        var held = new TaskCompletionSource();
        var claims = 0;
        orchestrator.Store.Before = call => call == "claim" && Interlocked.Increment(ref claims) == 1 ? held.Task : Task.CompletedTask;
        await orchestrator.DeprovisionAsync("first");
        await Eventually.TrueAsync(() => claims == 1);
        var late = Task.Run(() => orchestrator.ProvisionAsync("late"));
        await Eventually.TrueAsync(() => claims == 2);
        held.SetResult();

        Assert.True((await early.WaitAsync(TimeSpan.FromSeconds(10))).Created);
        Assert.False(late.IsCompleted);
        await orchestrator.DeprovisionAsync("early");
        Assert.True((await late.WaitAsync(TimeSpan.FromSeconds(10))).Created);
    }

    [Fact]
    public async Task Provision_NoPlaceInTime_SaysWhenToTryAgain()
    {
        await using var world = new RunnerWorld(o => { o.MaxConcurrent = 1; o.ProvisionWaitSeconds = 1; });
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("first");

        await using var pump = RunnerLeasesTests.Pump(world);
        var refused = await Assert.ThrowsAsync<CapacityExhaustedException>(() => orchestrator.ProvisionAsync("second"));

        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        Assert.False((await orchestrator.ProvisionAsync("first")).Created);
    }

    [Fact]
    public async Task Assign_EveryMachineTaken_RefusesAtOnce()
    {
        await using var world = new RunnerWorld(o => o.ProvisionWaitSeconds = 600, o => o.Max = 1);
        var orchestrator = world.Start();
        await orchestrator.AssignAsync("first");

        // No time passes here.
        var refused = Enumerable.Range(0, 5).Select(i => orchestrator.AssignAsync($"p{i}")).ToList();

        foreach (var call in refused)
        {
            await Assert.ThrowsAsync<CapacityExhaustedException>(() => call.WaitAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    public async Task CapacityQueue_TheWallClockJumps_WaitsAsLongAsItSaid(int seconds)
    {
        var clock = new ManualTimeProvider();
        var queue = new CapacityQueue(clock);
        using var first = queue.Join();
        using var second = queue.Join();
        var wait = second.WaitAsync(TimeSpan.FromSeconds(10), default);

        clock.SetWallClock(clock.GetUtcNow().AddSeconds(seconds));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(wait.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.False(await wait.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Provision_IdleRunnersAtTheLimit_DontCount()
    {
        await using var world = new RunnerWorld(o => { o.MaxConcurrent = 2; o.MinIdle = 2; });
        var orchestrator = world.Start();
        await orchestrator.FillAsync();

        await orchestrator.ProvisionAsync("a");
        var (_, created) = await orchestrator.ProvisionAsync("b");

        Assert.True(created);
    }

    [Fact]
    public async Task StartGate_StartsSomebodyWaitsFor_GoBeforeRefills()
    {
        var gate = new StartGate(2);
        var refill = await gate.EnterAsync(urgent: false, default);
        var nextRefill = gate.EnterAsync(urgent: false, default);
        var urgent = await gate.EnterAsync(urgent: true, default);
        var nextUrgent = gate.EnterAsync(urgent: true, default);
        Assert.False(nextRefill.IsCompleted || nextUrgent.IsCompleted);

        refill.Dispose();
        var second = await nextUrgent.WaitAsync(TimeSpan.FromSeconds(5));
        urgent.Dispose();

        // One urgent start still runs, and refills leave the other place free for the next one.
        Assert.False(nextRefill.IsCompleted);
        second.Dispose();
        using var third = await nextRefill.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task StartGate_ACancelledWait_LeavesNoPlaceTaken()
    {
        var gate = new StartGate(1);
        var first = await gate.EnterAsync(urgent: true, default);
        using var cancel = new CancellationTokenSource();
        var second = gate.EnterAsync(urgent: true, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        first.Dispose();

        using var third = await gate.EnterAsync(urgent: false, default).WaitAsync(TimeSpan.FromSeconds(5));
    }
}
