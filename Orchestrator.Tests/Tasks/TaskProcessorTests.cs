using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

public sealed partial class TaskProcessorTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteTaskQueue _queue;
    private readonly List<TaskProcessor> _processors = [];
    private readonly TasksOptions _options = new()
    {
        Slots = 4,
        VisibilitySeconds = 0.6,
        DrainSeconds = 5,
        RetrySeconds = 0.05,
        IdlePollSeconds = 30,
    };

    public TaskProcessorTests()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        _queue = new SqliteTaskQueue(_database, _options, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var processor in _processors)
        {
            await processor.StopAsync(CancellationToken.None);
            processor.Dispose();
        }

        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Tasks_WhileIdle_AreTakenUpAtOnce()
    {
        await StartAsync(new FakeHandler("echo", (input, _) => Task.FromResult(input.GetRawText())));
        await Task.Delay(200, Cancel);
        var clock = Stopwatch.StartNew();

        var task = await EndOfAsync(await AddAsync("echo", """{"x":1}"""));

        Assert.Equal((TaskState.Complete, """{"x":1}""", "worker"), (task.State, task.Result, task.HandledBy));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}, as if nobody had been woken.");
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

        await UntilAsync(() => Volatile.Read(ref running) == 4);
        await Task.Delay(100, Cancel);
        Assert.Equal(4, (await _queue.ListAsync(TaskState.Running, 100, Cancel)).Count);
        open.SetResult();

        foreach (var id in ids)
        {
            Assert.Equal(TaskState.Complete, (await EndOfAsync(id)).State);
        }

        Assert.Equal(4, most);
    }

    [Fact]
    public async Task Handler_SlowerThanTheVisibility_KeepsItsTask()
    {
        var runs = 0;
        await StartAsync(new FakeHandler("slow", async (_, context) =>
        {
            Interlocked.Increment(ref runs);
            await Task.Delay(2_000, context.CancellationToken);
            return "1";
        }));
        await StartAsync(new FakeHandler("slow", (_, _) =>
        {
            Interlocked.Increment(ref runs);
            return Task.FromResult("2");
        }), name: "other", wait: false);

        // Whoever has it, it is run once.
        var task = await EndOfAsync(await AddAsync("slow"));

        Assert.Equal((TaskState.Complete, 1, 1), (task.State, task.Attempts, runs));
    }

    [Fact]
    public async Task Handler_Hanging_IsTakenUpElsewhereAndItsLateResultChangesNothing()
    {
        var hang = new TaskCompletionSource<string>();
        var tries = new ConcurrentQueue<int>();
        FakeHandler Handler() => new("hang", (_, context) =>
        {
            tries.Enqueue(context.Attempt);
            return context.Attempt == 1 ? hang.Task : Task.FromResult("\"second\"");
        })
        {
            TimeLimit = TimeSpan.FromMilliseconds(300),
        };
        _options.Slots = 1;
        await StartAsync(Handler(), "first");
        await StartAsync(Handler(), "second");

        var task = await EndOfAsync(await AddAsync("hang"));
        Assert.Equal((TaskState.Complete, "\"second\"", 2), (task.State, task.Result, task.Attempts));

        // The one that hangs has lost its slot, too: both work on.
        hang.SetResult("\"late\"");
        await Task.Delay(300, Cancel);
        Assert.Equal("\"second\"", (await GetAsync(task.Id)).Result);
        Assert.Equal([1, 2], tries);
    }

    [Fact]
    public async Task Handler_HangingForGood_GivesUpItsSlot()
    {
        _options.Slots = 1;
        var processor = await StartAsync(new FakeHandler("hang", (_, context) =>
            context.Attempt == 1 ? new TaskCompletionSource<string>().Task : Task.FromResult("1"))
        {
            TimeLimit = TimeSpan.FromMilliseconds(200),
        });
        _options.DrainSeconds = 0.1;

        var task = await EndOfAsync(await AddAsync("hang"));

        Assert.Equal((TaskState.Complete, 2), (task.State, task.Attempts));
        await UntilAsync(() => processor.Busy == 0);
    }

    [Fact]
    public async Task Handler_Throwing_IsTriedAgainAndThenDead()
    {
        await StartAsync(
            new FakeHandler("bad", (_, context) => throw new InvalidOperationException($"no {context.Attempt}")),
            more: new FakeHandler("refuse", (_, _) => throw new TaskFailedException("never", retry: false)));

        var bad = await EndOfAsync(await AddAsync("bad"));
        var refused = await EndOfAsync(await AddAsync("refuse"));

        Assert.Equal((TaskState.Failed, 3, "InvalidOperationException: no 3"), (bad.State, bad.Attempts, bad.Error));
        Assert.Equal((TaskState.Failed, 1, "never"), (refused.State, refused.Attempts, refused.Error));
    }

    [Fact]
    public async Task Handler_PastItsTime_IsToldToEndAndTriedAgain()
    {
        await StartAsync(new FakeHandler("long", async (_, context) =>
        {
            if (context.Attempt == 1)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return "1";
        })
        {
            TimeLimit = TimeSpan.FromMilliseconds(200),
        });

        var task = await EndOfAsync(await AddAsync("long"));

        Assert.Equal((TaskState.Complete, 2), (task.State, task.Attempts));
        Assert.Equal("It took longer than 0.2 s.", task.Error);
    }

    [Fact]
    public async Task Stop_LetsWhatRunsEndAndTakesNothingNew()
    {
        var begun = new TaskCompletionSource();
        var processor = await StartAsync(new FakeHandler("work", async (_, _) =>
        {
            begun.TrySetResult();
            await Task.Delay(1_000, Cancel);
            return "1";
        }));
        _options.Slots = 1;
        var running = await AddAsync("work");
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        var stopping = processor.StopAsync(Cancel);
        var waiting = await AddAsync("work");
        await stopping;

        Assert.Equal(TaskState.Complete, (await GetAsync(running)).State);
        Assert.Equal((TaskState.Pending, 0), ((await GetAsync(waiting)).State, (await GetAsync(waiting)).Attempts));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_PastTheDrainTime_GivesBackWhatStillRuns(bool listens)
    {
        _options.DrainSeconds = 0.2;
        var begun = new TaskCompletionSource();
        var processor = await StartAsync(new FakeHandler("endless", async (_, context) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, listens ? context.CancellationToken : CancellationToken.None);
            return "1";
        }));
        var id = await AddAsync("endless");
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        await processor.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        var task = await GetAsync(id);
        Assert.Equal((TaskState.Pending, 0), (task.State, task.Attempts));
    }

    [Fact]
    public async Task UnknownType_IsLeftToOtherWorkers()
    {
        await StartAsync(new FakeHandler("known", (_, _) => Task.FromResult("1")));

        var id = await AddAsync("unknown");
        await UntilAsync(() => _queue.GetAsync(id, Cancel).AsTask().GetAwaiter().GetResult() is { State: TaskState.Pending, Attempts: 1 });

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
    }

    private async Task<TaskProcessor> StartAsync(ITaskHandler handler, string name = "worker", ITaskHandler? more = null, bool wait = true, ITaskQueue? queue = null)
    {
        var types = new TaskTypes(more is null ? [handler] : [handler, more]);
        var processor = new TaskProcessor(name, queue ?? _queue, types, _options, TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
        _processors.Add(processor);
        await processor.StartAsync(Cancel);
        if (wait)
        {
            await Task.Delay(20, Cancel);
        }

        return processor;
    }

    private async Task<string> AddAsync(string type, string input = "{}", string? parent = null) =>
        (await _queue.EnqueueAsync(new TaskSpec { Type = type, Input = input, InitiatedBy = "test", TraceParent = parent }, Cancel)).TaskId;

    private async Task<TaskRecord> GetAsync(string id) => (await _queue.GetAsync(id, Cancel))!;

    private async Task<TaskRecord> EndOfAsync(string id)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); ;)
        {
            var task = await GetAsync(id);
            if (task.State is TaskState.Complete or TaskState.Failed)
            {
                return task;
            }

            Assert.True(DateTime.UtcNow < until, $"It is still {task.State}.");
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var until = DateTime.UtcNow.AddSeconds(20); !condition();)
        {
            Assert.True(DateTime.UtcNow < until, "It did not come about.");
            await Task.Delay(10, Cancel);
        }
    }
}
