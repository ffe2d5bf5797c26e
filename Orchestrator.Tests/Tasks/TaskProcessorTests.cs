using System.Collections.Concurrent;
using System.Diagnostics;
using Orchestrator.Core;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

// What tasks, workers and their handlers do to one another, on a real queue and by the test's clock.
public sealed partial class TaskProcessorTests
{
    [Fact]
    public async Task Tasks_WhileIdle_AreTakenUpAtOnce()
    {
        await StartAsync(new FakeHandler("echo", (input, _) => Task.FromResult(input.GetRawText())));
        await IdleAsync();

        // The clock stands still: only a call can wake the worker.
        var task = await EndOfAsync(await AddAsync("echo", """{"x":1}"""));

        Assert.Equal((TaskPhase.Complete, """{"x":1}""", "worker"), (task.State, task.Result, task.HandledBy));
    }

    [Fact]
    public async Task Handler_OfATenantsTask_IsToldWhose()
    {
        await StartAsync(new FakeHandler("whose", (_, context) => Task.FromResult($"\"{context.Tenant}\"")));
        var spec = new TaskSpecification { Type = "whose", Input = "{}", InitiatedBy = "test", Tenant = new Tenant("acme") };

        var task = await EndOfAsync((await _queue.EnqueueAsync(spec, Cancel)).TaskId);

        Assert.Equal("\"acme\"", task.Result);
    }

    [Fact]
    public async Task Slots_AllBusy_NothingMoreIsClaimed()
    {
        var open = new TaskCompletionSource();
        var (running, most) = (0, 0);
        await StartAsync(new FakeHandler("wait", async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await open.Task;
            Interlocked.Decrement(ref running);
            return "1";
        }));
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await AddAsync("wait"));
        }

        await UntilAsync(() => Volatile.Read(ref running) == _options.Slots);
        await BeatAsync(4);
        Assert.Equal(_options.Slots, (await _queue.ListAsync(TaskPhase.Running, 100, Cancel)).Count);
        open.SetResult();

        foreach (var id in ids)
        {
            Assert.Equal(TaskPhase.Complete, (await EndOfAsync(id)).State);
        }

        Assert.Equal(_options.Slots, most);
    }

    [Fact]
    public async Task Handler_SlowerThanTheVisibility_KeepsItsTask()
    {
        var (runs, release) = (0, new TaskCompletionSource<string>());
        FakeHandler Handler() => new("slow", (_, _) =>
        {
            Interlocked.Increment(ref runs);
            return release.Task;
        })
        {
            TimeLimit = TimeSpan.FromHours(1),
        };
        await StartAsync(Handler(), "first");
        await StartAsync(Handler(), "second");
        var id = await AddAsync("slow");
        await UntilAsync(() => Volatile.Read(ref runs) == 1);
        var claims = _observed.Ended(nameof(ITaskQueue.ClaimAsync));

        await BeatAsync(10);
        await UntilAsync(() => _observed.Ended(nameof(ITaskQueue.ClaimAsync)) > claims);
        release.SetResult("1");

        var task = await EndOfAsync(id);
        Assert.Equal((TaskPhase.Complete, 1, 1), (task.State, task.Attempts, runs));
    }

    [Fact]
    public async Task Handler_Hanging_IsTakenUpElsewhereAndItsLateResultChangesNothing()
    {
        var hang = new TaskCompletionSource<string>();
        var attempts = new ConcurrentQueue<int>();
        FakeHandler Handler() => new("hang", (_, context) =>
        {
            attempts.Enqueue(context.Attempt);
            return context.Attempt == 1 ? hang.Task : Task.FromResult("\"second\"");
        })
        {
            TimeLimit = 2 * Beat,
        };
        _options.Slots = 1;
        await StartAsync(Handler(), "first");
        await StartAsync(Handler(), "second");
        var id = await AddAsync("hang");
        await UntilAsync(() => attempts.Count == 1);
        await IdleAsync(1);

        // Extended for the last time at the first beat.
        await BeatAsync(4);
        await PassUntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Complete, workers: 1);
        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Complete, "\"second\"", 2), (task.State, task.Result, task.Attempts));

        hang.SetResult("\"late\"");
        await UntilAsync(() => _observed.Ended(nameof(ITaskQueue.CompleteAsync)) == 2);
        Assert.Equal("\"second\"", (await GetAsync(task.Id)).Result);
        Assert.Equal([1, 2], attempts);
    }

    [Fact]
    public async Task Handler_HangingForGood_GivesUpItsSlot()
    {
        _options.Slots = 1;
        var (begun, never) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var processor = await StartAsync(new FakeHandler("hang", (_, context) =>
        {
            begun.TrySetResult();
            return context.Attempt == 1 ? never.Task : Task.FromResult("1");
        })
        {
            TimeLimit = 2 * Beat,
        });
        var id = await AddAsync("hang");
        await begun.Task.WaitAsync(Patience, Cancel);

        // Its time limit and one visibility time-out.
        await BeatAsync(5);

        var task = await EndOfAsync(id);
        Assert.Equal((TaskPhase.Complete, 2), (task.State, task.Attempts));
        await UntilAsync(() => processor.Busy == 0);
    }

    [Fact]
    public async Task Handler_Throwing_IsAttemptedAgainAndThenDead()
    {
        await StartAsync(
            new FakeHandler("bad", (_, context) => throw new InvalidOperationException($"no {context.Attempt}")),
            more: new FakeHandler("refuse", (_, _) => throw new TaskFailedException("never", retry: false)));

        var (bad, refused) = (await AddAsync("bad"), await AddAsync("refuse"));
        await PassUntilAsync(async () => (await GetAsync(bad)).State == TaskPhase.Failed);

        Assert.Equal((3, "InvalidOperationException: no 3"), ((await GetAsync(bad)).Attempts, (await GetAsync(bad)).Error));
        var end = await EndOfAsync(refused);
        Assert.Equal((TaskPhase.Failed, 1, "never"), (end.State, end.Attempts, end.Error));
    }

    [Fact]
    public async Task Handler_PastItsTime_IsCancelledAndAttemptedAgain()
    {
        var begun = new TaskCompletionSource();
        await StartAsync(new FakeHandler("long", async (_, context) =>
        {
            begun.TrySetResult();
            if (context.Attempt == 1)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return "1";
        })
        {
            TimeLimit = 2 * Beat,
        });
        var id = await AddAsync("long");
        await begun.Task.WaitAsync(Patience, Cancel);

        await BeatAsync(2);
        await PassUntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Complete);

        var task = await GetAsync(id);
        Assert.Equal((2, "It took longer than 20 s."), (task.Attempts, task.Error));
    }

    [Fact]
    public async Task Stop_LetsWhatRunsEndAndTakesNothingNew()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var processor = await StartAsync(new FakeHandler("work", (_, _) =>
        {
            begun.TrySetResult();
            return release.Task;
        }));
        var running = await AddAsync("work");
        await begun.Task.WaitAsync(Patience, Cancel);

        var stopping = processor.StopAsync(Cancel);
        var waiting = await AddAsync("work");
        Assert.False(stopping.IsCompleted, "The worker did not wait for its task.");
        release.SetResult("1");
        await stopping.WaitAsync(Patience, Cancel);

        Assert.Equal(TaskPhase.Complete, (await GetAsync(running)).State);
        Assert.Equal((TaskPhase.Pending, 0), ((await GetAsync(waiting)).State, (await GetAsync(waiting)).Attempts));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_PastTheDrainTime_ReleasesWhatStillRuns(bool listens)
    {
        var begun = new TaskCompletionSource();
        var processor = await StartAsync(new FakeHandler("endless", async (_, context) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, listens ? context.CancellationToken : CancellationToken.None);
            return "1";
        }));
        var id = await AddAsync("endless");
        await begun.Task.WaitAsync(Patience, Cancel);

        await PassUntilStoppedAsync(processor);

        await UntilAsync(async () => (await GetAsync(id)) is { State: TaskPhase.Pending, Attempts: 0 });
    }

    [Fact]
    public async Task UnknownType_IsLeftToOtherWorkers()
    {
        await StartAsync(new FakeHandler("known", (_, _) => Task.FromResult("1")));

        var id = await AddAsync("unknown");
        await UntilAsync(async () => await GetAsync(id) is { State: TaskPhase.Pending, Attempts: 1 });

        Assert.Contains("knows no task type", (await GetAsync(id)).Error);
    }

    [Fact]
    public async Task Trace_OfTheCall_GoesOnInTheWorker()
    {
        var seen = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == OrchestratorTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await StartAsync(new FakeHandler("traced", (_, _) => Task.FromResult("1")));

        await EndOfAsync(await AddAsync("traced", parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

        await UntilAsync(() => seen.Any(activity => activity.OperationName == "task traced"));
        var own = seen.First(activity => activity.OperationName == "task traced");
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", own.TraceId.ToHexString());
        Assert.Equal("b7ad6b7169203331", own.ParentSpanId.ToHexString());
        Assert.Equal("complete", own.GetTagItem("task.outcome"));
    }
}
