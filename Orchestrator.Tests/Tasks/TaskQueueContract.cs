using System.Collections.Concurrent;
using Orchestrator.Core;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>What every <see cref="ITaskQueue"/> does, with the <see cref="ICallbackOutbox"/> that belongs to it.</summary>
public abstract partial class TaskQueueContract : IAsyncLifetime
{
    // Real stores have real clocks: short, but longer than a busy machine's hiccups.
    private static readonly TimeSpan Visibility = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Past = TimeSpan.FromMilliseconds(450);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    // What comes within one millisecond has no order.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected ITaskQueue Queue { get; private set; } = null!;

    protected ICallbackOutbox Outbox { get; private set; } = null!;

    protected TasksOptions Options { get; } = new() { MaxPending = 10_000 };

    public async ValueTask InitializeAsync() => (Queue, Outbox) = await OpenAsync(Options);

    public abstract ValueTask DisposeAsync();

    protected abstract ValueTask<(ITaskQueue Queue, ICallbackOutbox Outbox)> OpenAsync(TasksOptions options);

    /// <summary>Lets the store's clock go on by that much.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    [Fact]
    public async Task Enqueue_ThenGet_GivesThePendingTaskAsItWasAskedFor()
    {
        var spec = Spec("""{"a": "ä\n\"", "b": [1, 2.50]}""") with
        {
            MaxAttempts = 7,
            Tenant = new Tenant("acme"),
            IdempotencyKey = "k",
            Callback = new TaskCallback("http://localhost:1/x", CallbackShape.Pod, "task", "todo"),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
        var id = await AddAsync(spec);

        var task = await GetAsync(id);

        Assert.Equal(spec, task.Spec);
        Assert.Equal(TaskPhase.Pending, task.State);
        Assert.Equal(0, task.Attempts);
        Assert.NotEqual(default, task.CreatedAt);
        Assert.Null(task.StartedAt);
        Assert.Null(task.FinishedAt);
        Assert.Null(task.HandledBy);
        Assert.Null(task.Result);
        Assert.Null(task.Error);
        Assert.Null(await Queue.GetAsync("nobody", Cancel));
    }

    [Fact]
    public async Task Enqueue_Delayed_WaitsForItsTime()
    {
        var now = (await GetAsync(await AddAsync())).CreatedAt;
        await ClaimAsync();
        var id = await AddAsync(Spec() with { RunAt = now + TimeSpan.FromSeconds(1.5) });

        var early = await Queue.ClaimAsync("w", 1, Long, Cancel);
        Assert.Empty(early.Tasks);
        Assert.InRange(early.NextDue!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1.5));
        Assert.Equal(TaskPhase.Pending, (await GetAsync(id)).State);
        await PassAsync(TimeSpan.FromSeconds(1.6));

        Assert.Equal(id, (await ClaimAsync()).Single().Claim.TaskId);
    }

    [Fact]
    public async Task Cancel_Pending_IsNeverClaimed()
    {
        var id = await AddAsync();
        var delayed = await AddAsync(Spec() with { RunAt = DateTimeOffset.UtcNow.AddYears(10) });
        var kept = await AddAsync();

        Assert.Equal(TaskChange.Done, await Queue.CancelAsync(id, Cancel));
        Assert.Equal(TaskChange.Done, await Queue.CancelAsync(delayed, Cancel));
        Assert.Equal(TaskChange.Refused, await Queue.CancelAsync(id, Cancel));
        Assert.Equal(TaskChange.Unknown, await Queue.CancelAsync("nobody", Cancel));

        Assert.Equal(TaskPhase.Cancelled, (await GetAsync(id)).State);
        Assert.Equal(kept, (await ClaimAsync(5)).Single().Claim.TaskId);
        Assert.Equal(TaskChange.Refused, await Queue.CancelAsync(kept, Cancel));
    }

    [Fact]
    public async Task Enqueue_SameIdempotencyKeyConcurrently_IsOneTask()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Queue.EnqueueAsync(Spec() with { IdempotencyKey = "once" }, Cancel).AsTask()));

        Assert.Single(results.Select(result => result.TaskId).Distinct());
        Assert.Single(results, result => !result.Existing);
        Assert.Single(await ClaimAsync(50));
        Assert.NotEqual(results[0].TaskId, await AddAsync(Spec() with { IdempotencyKey = "twice" }));
    }

    [Fact]
    public async Task Enqueue_PastTheLimit_IsRefusedUntilThereIsRoom()
    {
        Options.MaxPending = 3;
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            try
            {
                await AddAsync();
                return true;
            }
            catch (TaskQueueFullException e)
            {
                Assert.Equal("3 tasks are waiting already.", e.Message);
                return false;
            }
        }));

        Assert.Equal(3, results.Count(added => added));
        await ClaimAsync();
        await AddAsync();
        await Assert.ThrowsAsync<TaskQueueFullException>(() => AddAsync());
    }

    [Fact]
    public async Task List_GivesTheNewestFirst()
    {
        List<string> ids = [];
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await AddAsync());
            await PassAsync(TimeSpan.FromMilliseconds(3));
        }

        var claims = await ClaimAsync(3);
        await Queue.CompleteAsync(claims[0].Claim, "1", Cancel);
        await Queue.FailAsync(claims[1].Claim, "no", null, Cancel);
        await Queue.CancelAsync(ids[4], Cancel);

        Assert.Equal(Enumerable.Reverse(ids), await ListAsync(null));
        Assert.Equal([ids[4], ids[3]], await ListAsync(null, 2));
        Assert.Equal([ids[0]], await ListAsync(TaskPhase.Complete));
        Assert.Equal([ids[1]], await ListAsync(TaskPhase.Failed));
        Assert.Equal([ids[2]], await ListAsync(TaskPhase.Running));
        Assert.Equal([ids[3]], await ListAsync(TaskPhase.Pending));
        Assert.Equal([ids[4]], await ListAsync(TaskPhase.Cancelled));
        Assert.Equal(5, (await Queue.CountAsync(Cancel)).Sum(count => count.Count));
    }

    [Fact]
    public async Task Count_FollowsEveryChange()
    {
        for (var i = 0; i < 6; i++)
        {
            await AddAsync(Spec() with { Type = i < 5 ? "one" : "two", MaxAttempts = 2 });
        }

        Assert.Equal(["one Pending 5", "two Pending 1"], await CountsAsync());

        var claims = await ClaimAsync(5);
        await Queue.CompleteAsync(claims[0].Claim, "1", Cancel);
        await Queue.CompleteAsync(claims[0].Claim, "1", Cancel);
        await Queue.FailAsync(claims[1].Claim, "x", null, Cancel);
        await Queue.FailAsync(claims[2].Claim, "x", Long, Cancel);
        await Queue.ReleaseAsync(claims[3].Claim, Cancel);
        await Queue.CancelAsync(claims[3].Claim.TaskId, Cancel);
        Assert.Equal(["one Cancelled 1", "one Complete 1", "one Failed 1", "one Pending 1", "one Running 1", "two Pending 1"], await CountsAsync());

        await Queue.RetryAsync(claims[1].Claim.TaskId, Cancel);
        Assert.Equal(["one Cancelled 1", "one Complete 1", "one Pending 2", "one Running 1", "two Pending 1"], await CountsAsync());
    }

    [Fact]
    public async Task OnWork_IsCalledForEveryChange_UntilItEnds()
    {
        var calls = 0;
        var subscription = Queue.OnWork(() => Interlocked.Increment(ref calls));
        // A subscription takes a moment to arrive at a server.
        await Eventually.TrueAsync(async () =>
        {
            await AddAsync();
            return Volatile.Read(ref calls) > 0;
        });

        await CallsAfterAsync(() => AddAsync());
        await CallsAfterAsync(async () => await Queue.ReleaseAsync((await ClaimAsync()).Single().Claim, Cancel));
        await CallsAfterAsync(async () => await Queue.FailAsync((await ClaimAsync()).Single().Claim, "x", TimeSpan.Zero, Cancel));

        var others = 0;
        using var other = Queue.OnWork(() => Interlocked.Increment(ref others));
        subscription.Dispose();
        var last = Volatile.Read(ref calls);
        await Eventually.TrueAsync(async () =>
        {
            await AddAsync();
            return Volatile.Read(ref others) > 0;
        });
        Assert.Equal(last, calls);

        async Task CallsAfterAsync(Func<Task> change)
        {
            var before = Volatile.Read(ref calls);
            await change();
            await Eventually.TrueAsync(() => Volatile.Read(ref calls) > before, what: "The call");
        }
    }

    [Fact]
    public async Task List_OfOneState_BeginsWithTheNewestWhateverItsTime()
    {
        var now = DateTimeOffset.UtcNow;
        await AddAsync(Spec() with { RunAt = now.AddYears(10) });
        await PassAsync(Moment);
        var soon = await AddAsync(Spec() with { RunAt = now.AddYears(1) });
        Assert.Equal([soon], await ListAsync(TaskPhase.Pending, 1));

        await AddAsync();
        var first = (await ClaimAsync()).Single().Claim;
        await PassAsync(Moment);
        var last = await AddAsync();
        await ClaimAsync();
        await Queue.ExtendAsync([first], 2 * Long, Cancel);
        Assert.Equal([last], await ListAsync(TaskPhase.Running, 1));
    }

    [Fact]
    public async Task ManyAtOnce_EveryTaskEndsOnce()
    {
        const int Tasks = 2_000;
        ConcurrentBag<string> added = [];
        ConcurrentBag<string> ended = [];
        var producers = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Tasks / 16; i++)
            {
                added.Add(await AddAsync());
            }
        }));
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            while (ended.Count < Tasks)
            {
                var batch = await Queue.ClaimAsync($"w{worker}", 10, Long, Cancel);
                await Task.WhenAll(batch.Tasks.Select(async task =>
                {
                    if (await Queue.CompleteAsync(task.Claim, "1", Cancel))
                    {
                        ended.Add(task.Claim.TaskId);
                    }
                }));
                if (batch.Tasks.Count == 0)
                {
                    // Between polls: nothing else is to be had.
                    await Pace.PauseAsync(5, Cancel);
                }
            }
        }));

        await Task.WhenAll([.. producers, .. workers]).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        Assert.Equal(Tasks, ended.Distinct().Count());
        Assert.Equal(added.Order(), ended.Order());
        Assert.Equal([$"t Complete {Tasks}"], await CountsAsync());
    }

    [Fact]
    public async Task Tenants_SameIdempotencyKey_AreTwoTasks()
    {
        var spec = Spec() with { IdempotencyKey = "acme k" };
        var everybodys = await AddAsync(spec);
        var acmes = await AddAsync(spec with { Tenant = new Tenant("acme") });
        var bolts = await AddAsync(spec with { Tenant = new Tenant("bolt") });

        Assert.Equal(3, new[] { everybodys, acmes, bolts }.Distinct().Count());
        Assert.Equal(acmes, await AddAsync(spec with { Tenant = new Tenant("acme") }));
        Assert.NotEqual(acmes, await AddAsync(Spec() with { Tenant = new Tenant("acme"), IdempotencyKey = "k" }));
    }

    [Fact]
    public async Task Tenants_WorkersServeAll_AndATaskKeepsItsOwn()
    {
        foreach (var tenant in new[] { "default", "acme", "bolt" })
        {
            await AddAsync(Spec() with { Tenant = new Tenant(tenant) });
            await PassAsync(Moment);
        }

        Assert.Equal(["bolt", "acme", "default"], (await Queue.ListAsync(null, 10, Cancel)).Select(task => task.Spec.Tenant.Name));
        Assert.Equal(["default", "acme", "bolt"], (await ClaimAsync(10)).Select(task => task.Spec.Tenant.Name));
    }

    protected static TaskSpecification Spec(string input = "{}") => new() { Type = "t", Input = input, InitiatedBy = "api" };

    protected async Task<string> AddAsync(TaskSpecification? spec = null)
    {
        var result = await Queue.EnqueueAsync(spec ?? Spec(), Cancel);
        return result.TaskId;
    }

    protected async Task<TaskRecord> GetAsync(string id)
    {
        var task = await Queue.GetAsync(id, Cancel);
        Assert.NotNull(task);
        return task;
    }

    protected async Task<IReadOnlyList<ClaimedTask>> ClaimAsync(int count = 1, TimeSpan? visibility = null) =>
        (await Queue.ClaimAsync("w", count, visibility ?? Long, Cancel)).Tasks;

    private async Task<IEnumerable<string>> ListAsync(TaskPhase? state, int limit = 100) =>
        (await Queue.ListAsync(state, limit, Cancel)).Select(task => task.Id);

    private async Task<IEnumerable<string>> CountsAsync() =>
        (await Queue.CountAsync(Cancel)).Select(count => $"{count.Type} {count.State} {count.Count}").Order(StringComparer.Ordinal);
}
