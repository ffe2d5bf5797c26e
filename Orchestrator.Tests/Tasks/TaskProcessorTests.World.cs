using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

// Workers on a real queue, by a clock that only the test moves.
public sealed partial class TaskProcessorTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Workers extend their claims at each.
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteTaskQueue _queue;
    private readonly List<TaskProcessor> _processors = [];
    private readonly TasksOptions _options = new()
    {
        Slots = 4,
        VisibilitySeconds = 30,
        DrainSeconds = 5,
        RetrySeconds = 0.05,
        IdlePollSeconds = 30,
    };

    private ObstructedQueue _observed;

    public TaskProcessorTests()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        _queue = new SqliteTaskQueue(_database, _options, _clock);
        _observed = new ObstructedQueue(_queue, _ => Task.CompletedTask);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var processor in _processors)
        {
            await PassUntilStoppedAsync(processor);
            processor.Dispose();
        }

        _database.Dispose();
        _folder.Dispose();
    }

    /// <summary>Starts a worker on <see cref="_observed"/>.</summary>
    private async Task<TaskProcessor> StartAsync(
        ITaskHandler handler, string name = "worker", ITaskHandler? more = null, ILoggerFactory? loggers = null)
    {
        var types = new TaskTypes(more is null ? [handler] : [handler, more]);
        var processor = new TaskProcessor(name, _observed, types, _options, _clock, new Random(1), loggers ?? NullLoggerFactory.Instance);
        _processors.Add(processor);
        await processor.StartAsync(Cancel);
        return processor;
    }

    /// <summary>Has the calls of workers started from now on pass an obstruction.</summary>
    private void Obstruct(Func<string, Task> obstruct) => _observed = new ObstructedQueue(_queue, obstruct);

    private async Task<string> AddAsync(string type, string input = "{}", string? parent = null, int maxAttempts = 3)
    {
        var spec = new TaskSpecification { Type = type, Input = input, InitiatedBy = "test", TraceParent = parent, MaxAttempts = maxAttempts };
        return (await _queue.EnqueueAsync(spec, Cancel)).TaskId;
    }

    private async Task<TaskRecord> GetAsync(string id) => (await _queue.GetAsync(id, Cancel))!;

    /// <summary>Waits for a task to end while the clock stands still.</summary>
    private async Task<TaskRecord> EndOfAsync(string id)
    {
        await UntilAsync(async () => (await GetAsync(id)).State is TaskPhase.Complete or TaskPhase.Failed);
        return await GetAsync(id);
    }

    private static Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(condition, Patience);

    private static Task UntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(condition, Patience);

    /// <summary>Waits until that many workers sleep, all unless said: one timer for the heartbeat and one for the pause.</summary>
    private Task IdleAsync(int? workers = null) =>
        UntilAsync(() => _clock.PendingTimers >= _processors.Count + (workers ?? _processors.Count));

    /// <summary>Lets the time between heartbeats pass, and every worker make its heartbeat, that often.</summary>
    private async Task BeatAsync(int times)
    {
        // A heartbeat has ended before its worker sets the timer of the next, which the clock must not pass.
        var timers = _clock.PendingTimers;
        for (var i = 0; i < times; i++)
        {
            await UntilAsync(() => _clock.PendingTimers >= timers);
            var due = _observed.Ended(nameof(ITaskQueue.ExtendAsync)) + _processors.Count;
            _clock.Advance(Beat);
            await UntilAsync(() => _observed.Ended(nameof(ITaskQueue.ExtendAsync)) >= due);
        }
    }

    /// <summary>Lets time pass, though only while that many workers sleep, all unless said, and no faster than heartbeats are made.</summary>
    private async Task PassUntilAsync(Func<Task<bool>> condition, int? workers = null)
    {
        const int StepsOfABeat = 100;
        var beats = _observed.Ended(nameof(ITaskQueue.ExtendAsync));
        for (var step = 0; !await condition(); step++)
        {
            if (step > 0 && step % StepsOfABeat == 0)
            {
                await TryUntilAsync(async () => _observed.Ended(nameof(ITaskQueue.ExtendAsync)) > beats || await condition());
                beats = _observed.Ended(nameof(ITaskQueue.ExtendAsync));
            }

            Assert.True(step < 5_000, "It did not come true within much more than the time it takes.");
            await UntilAsync(async () => _clock.PendingTimers >= _processors.Count + (workers ?? _processors.Count) || await condition());
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    // Heartbeats may be kept from ending by the test itself.
    private static async Task TryUntilAsync(Func<Task<bool>> condition)
    {
        try
        {
            await Eventually.TrueAsync(condition, TimeSpan.FromSeconds(2));
        }
        catch (Xunit.Sdk.XunitException)
        {
        }
    }

    private async Task PassUntilStoppedAsync(TaskProcessor processor)
    {
        var stopping = processor.StopAsync(CancellationToken.None);
        await _clock.AdvanceUntilAsync(() => stopping.IsCompleted, TimeSpan.FromMilliseconds(100));
        await stopping;
    }
}
