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
        const int Slots = 2;
        _options.Slots = Slots;
        var written = new TaskCompletionSource();
        var ran = 0;
        var processor = await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult($"{Interlocked.Increment(ref ran)}")), queue: WithheldUntil(written.Task));
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await AddAsync("quick"));
        }

        await UntilAsync(() => Volatile.Read(ref ran) == 2 * Slots && processor.Busy == 0);
        await Task.Delay(100, Cancel);
        Assert.Equal(2 * Slots, (await _queue.ListAsync(TaskState.Running, 100, Cancel)).Count);
        written.SetResult();

        foreach (var id in ids)
        {
            Assert.Equal(TaskState.Complete, (await EndOfAsync(id)).State);
        }
    }

    [Fact]
    public async Task Ends_NotWrittenForLong_StayTheirWorkers()
    {
        var written = new TaskCompletionSource();
        var runs = 0;
        FakeHandler Handler() => new("quick", (_, _) => Task.FromResult($"{Interlocked.Increment(ref runs)}")) { TimeLimit = TimeSpan.FromMilliseconds(100) };
        await StartAsync(Handler(), "first", queue: WithheldUntil(written.Task));
        await StartAsync(Handler(), "second", queue: WithheldUntil(written.Task));

        var id = await AddAsync("quick");
        await UntilAsync(() => Volatile.Read(ref runs) == 1);
        await Task.Delay(TimeSpan.FromSeconds(3 * _options.VisibilitySeconds), Cancel);
        written.SetResult();

        var task = await EndOfAsync(id);
        Assert.Equal((TaskState.Complete, 1, 1), (task.State, task.Attempts, runs));
    }

    [Fact]
    public async Task Store_AwayWhileHandlersEnd_TakesTheirEndsWhenItIsBack()
    {
        var (away, release) = (false, new TaskCompletionSource<string>());
        var running = 0;
        var queue = new ObstructedQueue(_queue, call => Volatile.Read(ref away) ? throw new StoreUnavailableException("away") : Task.CompletedTask);
        await StartAsync(new FakeHandler("once", (_, _) =>
        {
            Interlocked.Increment(ref running);
            return release.Task;
        }), queue: queue);
        var ids = new List<string>();
        for (var i = 0; i < _options.Slots; i++)
        {
            ids.Add((await _queue.EnqueueAsync(new TaskSpec { Type = "once", Input = "{}", InitiatedBy = "test", MaxAttempts = 1 }, Cancel)).TaskId);
        }

        await UntilAsync(() => Volatile.Read(ref running) == _options.Slots);
        Volatile.Write(ref away, true);
        release.SetResult("1");
        await Task.Delay(TimeSpan.FromSeconds(3 * _options.VisibilitySeconds), Cancel);
        Volatile.Write(ref away, false);

        foreach (var id in ids)
        {
            var task = await EndOfAsync(id);
            Assert.Equal((TaskState.Complete, 1), (task.State, task.Attempts));
        }
    }

    [Fact]
    public async Task Store_BackAfterAnOutage_HearsOfEveryClaimBeforeItIsAskedForMore()
    {
        // Long enough that no claim is extended just because it is time.
        _options.VisibilitySeconds = 60;
        var away = true;
        var calls = new ConcurrentQueue<string>();
        await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")), queue: new ObstructedQueue(_queue, call =>
        {
            var refused = Volatile.Read(ref away);
            calls.Enqueue(refused ? $"no {call}" : call);
            return refused ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        }));
        await UntilAsync(() => !calls.IsEmpty);
        var id = await AddAsync("quick");
        Volatile.Write(ref away, false);

        await EndOfAsync(id);

        Assert.Equal([nameof(ITaskQueue.ExtendAsync), nameof(ITaskQueue.ClaimAsync)], calls.Where(call => !call.StartsWith("no ", StringComparison.Ordinal)).Take(2));
    }

    [Fact]
    public async Task Stop_WhileAnEndIsWritten_DoesNotGiveItsTaskBack()
    {
        _options.DrainSeconds = 0.1;
        var written = new TaskCompletionSource();
        var processor = await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")), queue: WithheldUntil(written.Task));
        var id = await AddAsync("quick");
        await UntilAsync(() => _queue.GetAsync(id, Cancel).AsTask().GetAwaiter().GetResult() is { State: TaskState.Running } && processor.Busy == 0);

        await processor.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        written.SetResult();

        var task = await EndOfAsync(id);
        Assert.Equal((TaskState.Complete, 1), (task.State, task.Attempts));
    }

    private ObstructedQueue WithheldUntil(Task written) =>
        new(_queue, call => call == nameof(ITaskQueue.CompleteAsync) ? written : Task.CompletedTask);
}
