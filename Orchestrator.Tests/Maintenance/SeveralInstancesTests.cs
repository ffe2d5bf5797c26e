using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;
using Orchestrator.Storage.Redis;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Storage.Redis;

namespace Orchestrator.Tests.Maintenance;

/// <summary>Two instances on one engine and one real Redis.</summary>
public sealed class SeveralInstancesTests(SeveralInstancesTests.Server server) : IClassFixture<SeveralInstancesTests.Server>, IAsyncLifetime
{
    private readonly SimulatedEngine _engine = new();
    private readonly List<IAsyncDisposable> _used = [];
    private string _prefix = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _prefix = $"several-{Guid.NewGuid():N}"[..30];
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var used in Enumerable.Reverse(_used))
        {
            await used.DisposeAsync();
        }
    }

    [Fact]
    public async Task Provision_OneSessionManyTimesOnBoth_IsOneRunnerAndOneFirst()
    {
        var (a, b) = (Start(), Start());
        _engine.Before = call => call == "start" ? Pace.PauseAsync(300, Cancel) : Task.CompletedTask;

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => (i % 2 == 0 ? a : b).ProvisionAsync("crowd"))));

        Assert.Single(results, result => result.Created);
        Assert.Single(results.Select(result => result.Runner.Id).Distinct());
        Assert.Equal(1, _engine.Started);
        Assert.Equal(RunnerState.Leased, Assert.Single(await b.ListAsync()).State);
    }

    [Fact]
    public async Task Session_MadeAtOne_IsTouchedAndReleasedAtTheOther()
    {
        var (a, b) = (Start(), Start());
        var made = (await a.ProvisionAsync("s")).Runner;

        Assert.Equal((made.Id, false), ((await b.ProvisionAsync("s")).Runner.Id, (await b.ProvisionAsync("s")).Created));
        Assert.Equal(made.Id, (await b.HeartbeatAsync("s"))!.Id);
        Assert.True(await b.DeprovisionAsync("s"));

        Assert.Null(await a.HeartbeatAsync("s"));
        Assert.Empty(_engine.Runners);
        Assert.False(await a.DeprovisionAsync("s"));
    }

    [Fact]
    public async Task Start_FailsAtOne_IsMadeByTheOtherThatWaited()
    {
        var (a, b) = (Start(), Start());
        var failing = new TaskCompletionSource();
        var starts = 0;
        _engine.Before = async call =>
        {
            if (call == "start" && Interlocked.Increment(ref starts) == 1)
            {
                await failing.Task;
                throw new Core.Engines.EngineException("The first start fails.");
            }
        };
        var first = Task.Run(() => a.ProvisionAsync("s"));
        await Eventually.TrueAsync(() => starts == 1);
        var second = Task.Run(() => b.ProvisionAsync("s"));
        // Nothing shows that the second one waits.
        await Task.Delay(100, Cancel);
        Assert.False(second.IsCompleted);
        failing.SetResult();

        await Assert.ThrowsAsync<Core.Engines.EngineException>(() => first);
        Assert.True((await second).Created);
        Assert.Single(_engine.Runners);
    }

    [Fact]
    public async Task Start_ReservationEndedByOthersMeanwhile_LeavesNoContainer()
    {
        var (a, b) = (Start(), Start());
        var asleep = new TaskCompletionSource();
        var starts = 0;
        _engine.Before = call => call == "start" && Interlocked.Increment(ref starts) == 1 ? asleep.Task : Task.CompletedTask;
        var made = Task.Run(() => a.ProvisionAsync("s"));
        await Eventually.TrueAsync(() => starts == 1);

        // As when its maker was paused for longer than a reservation lives: there is no container yet to be removed.
        var reserved = Assert.Single(await b.ListAsync());
        Assert.True(reserved.ExpiresAt <= DateTimeOffset.UtcNow + SharedInstance.Silence, $"It lives until {reserved.ExpiresAt:O}.");
        var removing = (await b.Store.BeginRemoveAsync(reserved.Id, reserved.Fence, Cancel))!;
        Assert.True(await b.Store.DeleteAsync(removing.Id, removing.Fence, Cancel));
        asleep.SetResult();

        await Assert.ThrowsAsync<Core.Engines.EngineException>(() => made);
        Assert.Equal(1, _engine.Started);
        Assert.Empty(_engine.Runners);
        Assert.True((await b.ProvisionAsync("s")).Created);
    }

    [Fact]
    public async Task Provision_LimitReachedAtOne_WaitsForAPlaceFreedAtTheOther()
    {
        var (a, b) = (Start(o => o.MaxConcurrent = 1), Start(o => o.MaxConcurrent = 1));
        await a.ProvisionAsync("first");
        var second = Task.Run(() => b.ProvisionAsync("second"));
        await Eventually.TrueAsync(() => b.HasWaiting);
        Assert.False(second.IsCompleted);

        await a.DeprovisionAsync("first");

        Assert.True((await second.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Created);
    }

    [Fact]
    public async Task Loops_OnBoth_OneLeadsFillsAndTheOtherTakesOverWhenItStops()
    {
        var (a, b) = (Start(o => o.MinIdle = 2), Start(o => o.MinIdle = 2));
        await a.StartAsync();
        await Eventually.TrueAsync(() => a.Leadership.IsLeading);
        await b.StartAsync();
        await Eventually.TrueAsync(() => IdleAsync(b, 2));
        Assert.Equal((true, false, 2), (a.Leadership.IsLeading, b.Leadership.IsLeading, _engine.Started));

        // A claim at the one that does not lead is made good by the one that does.
        await b.ProvisionAsync("s");
        await Eventually.TrueAsync(() => IdleAsync(b, 2));
        await a.StopAsync();

        await Eventually.TrueAsync(() => b.Leadership.IsLeading);
        await b.ProvisionAsync("t");
        await Eventually.TrueAsync(() => IdleAsync(b, 2));
        Assert.Equal(4, _engine.Started);
    }

    [Fact]
    [Fault("leader-replaced", "API", "another instance leads while the old leader believes it still does", "the store refuses every change of the old leader", "simulated")]
    public async Task Leader_Replaced_EveryLookOfTheOldOneIsRefused()
    {
        var (a, b) = (Start(o => o.MinIdle = 1), Start());
        Assert.True(await a.Leadership.TryHoldAsync(Cancel));
        Assert.False(await b.Leadership.TryHoldAsync(Cancel));
        var dead = (await b.ProvisionAsync("dead")).Runner;

        // From here on the first one sleeps: its clock and its loops stand still.
        await Eventually.TrueAsync(() => b.Leadership.TryHoldAsync(Cancel));
        _engine.LosesEvents = true;
        _engine.Die(dead.Id);

        await Assert.ThrowsAsync<LeadershipLostException>(() => a.Keeper.KeepAsync(Cancel));
        await Assert.ThrowsAsync<LeadershipLostException>(() => a.Reaper.SweepAsync(Cancel));
        await Assert.ThrowsAsync<LeadershipLostException>(() => a.Reconciler.ReconcileAsync(Cancel));
        Assert.Equal(dead.Fence, Assert.Single(await b.ListAsync()).Fence);
        Assert.Single(_engine.Runners);
        Assert.False(await a.Leadership.TryHoldAsync(Cancel));
        await Assert.ThrowsAsync<LeadershipLostException>(() => a.Keeper.KeepAsync(Cancel));

        await b.Reconciler.ReconcileAsync(Cancel);
        Assert.Empty(_engine.Runners);
    }

    [Fact]
    [Fault("leader-replaced", "API", "another instance leads while the old leader believes it still does", "the store refuses every change of the old leader", "simulated")]
    public async Task Leader_ReplacedInTheMiddleOfASweep_ReapsNothing()
    {
        var (a, b) = (Start(o => o.InactivityTimeoutSeconds = 1), Start(o => o.InactivityTimeoutSeconds = 1));
        await HoldAsync(a);
        await a.ProvisionAsync("s");
        await a.Reaper.SweepAsync(Cancel);
        var asleep = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        _engine.Before = async call =>
        {
            if (call == "activity" && asked.TrySetResult())
            {
                await asleep.Task;
            }
        };

        // The sweep has found the lease expired, and is about to take it when it falls asleep.
        var sweep = Task.Run(async () =>
        {
            while (!asked.Task.IsCompleted)
            {
                await HoldAsync(a);
                await a.Reaper.SweepAsync(Cancel);
                await Pace.PauseAsync(100, Cancel);
            }
        });
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await Eventually.TrueAsync(() => b.Leadership.TryHoldAsync(Cancel));
        asleep.SetResult();

        await Assert.ThrowsAsync<LeadershipLostException>(() => sweep);
        Assert.Equal(RunnerState.Leased, Assert.Single(await b.ListAsync()).State);
        Assert.Single(_engine.Runners);

        // The new one gives a full time anew first, and reaps then.
        await b.Reaper.SweepAsync(Cancel);
        Assert.NotNull(await b.HeartbeatAsync("s"));
        await Eventually.TrueAsync(async () =>
        {
            await HoldAsync(b);
            await b.Reaper.SweepAsync(Cancel);
            return _engine.Runners.Count == 0;
        });
    }

    [Fact]
    [Fault("leader-replaced", "API", "another instance leads while the old leader believes it still does", "the store refuses every change of the old leader", "simulated")]
    public async Task Orphan_LeaderReplacedBeforeItsRemoval_IsNotRemovedByTheOldOne()
    {
        var (a, b) = (Start(), Start());
        await HoldAsync(a);
        var lost = await LoseAsync(a);
        await a.Reconciler.ReconcileAsync(Cancel);
        var looks = 0;
        var asleep = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        _engine.Before = async call =>
        {
            // The second look of the listing in which its grace is over.
            if (call == "find" && Volatile.Read(ref looks) == 1 && asked.TrySetResult())
            {
                await asleep.Task;
            }
        };
        await Eventually.TrueAsync(async () =>
        {
            await HoldAsync(a);
            return DateTime.UtcNow > lost.At.AddSeconds(1.5);
        });
        looks = 1;
        var look = Task.Run(() => a.Reconciler.ReconcileAsync(Cancel), Cancel);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await Eventually.TrueAsync(() => b.Leadership.TryHoldAsync(Cancel));
        asleep.SetResult();

        await Assert.ThrowsAsync<LeadershipLostException>(() => look);
        Assert.Equal(lost.Id, Assert.Single(_engine.Runners).RunnerId);
    }

    [Fact]
    [Fault("store-flushed", "store", "flushed while runners run", "sessions are restored from their containers", "simulated")]
    public async Task Store_Flushed_SessionsToldByTheirContainersLiveOn()
    {
        var (a, b) = (Start(), Start());
        var made = (await a.ProvisionAsync("s")).Runner;
        await a.StartAsync();
        await b.StartAsync();
        await Eventually.TrueAsync(() => a.Leadership.IsLeading || b.Leadership.IsLeading);

        await FlushAsync();

        await Eventually.TrueAsync(async () => await b.HeartbeatAsync("s") is { } adopted && adopted.Id == made.Id);
        Assert.Equal((made.Id, false), ((await a.ProvisionAsync("s")).Runner.Id, (await a.ProvisionAsync("s")).Created));
        Assert.Equal(1, _engine.Started);
    }

    public sealed class Server() : SharedRedisServer(RedisServer.Redis);

    // A test's own pauses must not cost the lock that it is not about.
    private static Task HoldAsync(SharedInstance instance) =>
        Eventually.TrueAsync(() => instance.Leadership.TryHoldAsync(Cancel));

    private static async Task<bool> IdleAsync(SharedInstance instance, int count) =>
        await instance.Store.CountAsync("test", instance.Session.Name, Cancel) is { Refilling: 0 } counts && counts.Idle == count;

    // A running container without a record that tells nobody's name.
    private async Task<(string Id, DateTime At)> LoseAsync(SharedInstance instance)
    {
        var made = (await instance.ProvisionAsync("lost")).Runner;
        await _engine.Connect().TellOwnerAsync(made.Id, made.Placement!.Handle, null, Cancel);
        Assert.True(await instance.Store.DeleteAsync(made.Id, made.Fence, Cancel));
        return (made.Id, DateTime.UtcNow);
    }

    private async Task FlushAsync()
    {
        await using var redis = server.Connect(_prefix);
        await redis.CallAsync(database => database.ExecuteAsync("FLUSHALL"));
    }

    private SharedInstance Start(Action<RunnersOptions>? configure = null)
    {
        RedisConnection redis = server.Connect(_prefix);
        var instance = new SharedInstance(_engine, redis, configure);
        _used.Add(redis);
        _used.Add(instance);
        return instance;
    }
}
