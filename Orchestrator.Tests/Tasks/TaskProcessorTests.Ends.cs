using System.Collections.Concurrent;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

// Handlers have ended, and the store is slow to write that down, or away.
public sealed partial class TaskProcessorTests
{
    [Fact]
    public async Task Slots_WhileEndsAreWritten_TakeNewTasksWithinBounds()
    {
        _options.Slots = 2;
        var written = new TaskCompletionSource();
        var ran = 0;
        Obstruct(WithheldUntil(written.Task));
        var processor = await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult($"{Interlocked.Increment(ref ran)}")));
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await AddAsync("quick"));
        }

        await UntilAsync(() => Volatile.Read(ref ran) == 2 * _options.Slots && processor.Busy == 0);
        await BeatAsync(4);
        Assert.Equal(2 * _options.Slots, (await _queue.ListAsync(TaskPhase.Running, 100, Cancel)).Count);
        written.SetResult();

        foreach (var id in ids)
        {
            Assert.Equal(TaskPhase.Complete, (await EndOfAsync(id)).State);
        }
    }

    [Fact]
    public async Task Ends_NotWrittenForLong_StayTheirWorkers()
    {
        var written = new TaskCompletionSource();
        var runs = 0;
        FakeHandler Handler() => new("quick", (_, _) => Task.FromResult($"{Interlocked.Increment(ref runs)}")) { TimeLimit = Beat };
        Obstruct(WithheldUntil(written.Task));
        await StartAsync(Handler(), "first");
        await StartAsync(Handler(), "second");
        var id = await AddAsync("quick");
        await UntilAsync(() => _processors.All(processor => processor.Busy == 0) && Volatile.Read(ref runs) == 1);
        await IdleAsync();

        await BeatAsync(10);
        written.SetResult();

        var task = await EndOfAsync(id);
        Assert.Equal((TaskPhase.Complete, 1, 1), (task.State, task.Attempts, runs));
    }

    [Fact]
    public async Task Store_AwayWhileHandlersEnd_TakesTheirEndsWhenItIsBack()
    {
        var (away, release) = (false, new TaskCompletionSource<string>());
        var (running, refusedClaims) = (0, 0);
        Obstruct(call =>
        {
            if (!Volatile.Read(ref away))
            {
                return Task.CompletedTask;
            }

            Interlocked.Add(ref refusedClaims, call == nameof(ITaskQueue.ClaimAsync) ? 1 : 0);
            throw new StoreUnavailableException("away");
        });
        await StartAsync(new FakeHandler("once", (_, _) =>
        {
            Interlocked.Increment(ref running);
            return release.Task;
        }));
        var ids = new List<string>();
        for (var i = 0; i < _options.Slots; i++)
        {
            ids.Add(await AddAsync("once", maxAttempts: 1));
        }

        await UntilAsync(() => Volatile.Read(ref running) == _options.Slots);
        Volatile.Write(ref away, true);
        release.SetResult("1");
        await UntilAsync(() => Volatile.Read(ref refusedClaims) > 0);
        await BeatAsync(10);
        Volatile.Write(ref away, false);

        await PassUntilAsync(async () => (await _queue.ListAsync(TaskPhase.Running, 100, Cancel)).Count == 0);
        foreach (var id in ids)
        {
            var task = await GetAsync(id);
            Assert.Equal((TaskPhase.Complete, 1), (task.State, task.Attempts));
        }
    }

    [Fact]
    public async Task Store_BackAfterAnOutage_HearsOfEveryClaimBeforeItIsAskedForMore()
    {
        // Longer than any pause, so that no heartbeat comes between.
        _options.VisibilitySeconds = 60;
        var away = true;
        var calls = new ConcurrentQueue<string>();
        Obstruct(call =>
        {
            var refused = Volatile.Read(ref away);
            calls.Enqueue(refused ? $"no {call}" : call);
            return refused ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        });
        await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")));
        await UntilAsync(() => !calls.IsEmpty);
        var id = await AddAsync("quick");
        Volatile.Write(ref away, false);

        await PassUntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Complete);

        Assert.Equal([nameof(ITaskQueue.ExtendAsync), nameof(ITaskQueue.ClaimAsync)], calls.Where(call => !call.StartsWith("no ", StringComparison.Ordinal)).Take(2));
    }

    [Fact]
    public async Task Stop_WhileAnEndIsWritten_DoesNotReleaseItsTask()
    {
        var written = new TaskCompletionSource();
        Obstruct(WithheldUntil(written.Task));
        var processor = await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")));
        var id = await AddAsync("quick");
        await UntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Running && processor.Busy == 0);

        await PassUntilStoppedAsync(processor);
        Assert.Equal(TaskPhase.Running, (await GetAsync(id)).State);
        written.SetResult();

        var task = await EndOfAsync(id);
        Assert.Equal((TaskPhase.Complete, 1), (task.State, task.Attempts));
    }

    private static Func<string, Task> WithheldUntil(Task written) =>
        call => call == nameof(ITaskQueue.CompleteAsync) ? written : Task.CompletedTask;
}
