using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>
/// Claims tasks and runs them in N slots for the life of the process. Under load it claims for all free slots at once,
/// while the store still writes the ends of their former tasks; idle it sleeps until woken or until a task falls due. When
/// stopping it claims nothing more, lets running tasks end, and releases those that don't end in time. Survives every
/// exception of the queue.
/// </summary>
public sealed partial class TaskProcessor : BackgroundService
{
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    private readonly ITaskQueue _queue;
    private readonly TaskTypes _types;
    private readonly string _worker;
    private readonly TimeSpan _visibility;
    private readonly TimeSpan _drain;
    private readonly TimeSpan _poll;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger<TaskProcessor> _logger;
    private readonly AttemptSlots _slots;
    private readonly ClaimKeeper _claims;
    private readonly TaskRunner _runner;
    private readonly Backoff _backoff;
    private readonly StoreOutage _outage;
    private readonly Wakeup _wakeup;
    private readonly CancellationTokenSource _giveUp = new();

    // A handler that hangs outlives the source.
    private readonly CancellationToken _gaveUp;

    private long _lastLook;

    internal TaskProcessor(
        string worker, ITaskQueue queue, TaskTypes types, TasksOptions options, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        _gaveUp = _giveUp.Token;
        _worker = worker;
        _queue = queue;
        _types = types;
        _time = time;
        _random = random;
        _visibility = TimeSpan.FromSeconds(options.VisibilitySeconds);
        _drain = TimeSpan.FromSeconds(options.DrainSeconds);
        _poll = TimeSpan.FromSeconds(options.IdlePollSeconds);
        _logger = loggers.CreateLogger<TaskProcessor>();
        _slots = new AttemptSlots(options.Slots > 0 ? options.Slots : Environment.ProcessorCount);
        _claims = new ClaimKeeper(_slots, queue, _visibility, time, loggers.CreateLogger<ClaimKeeper>());
        _runner = new TaskRunner(queue, types, options, time, random, loggers.CreateLogger<TaskRunner>());
        _backoff = new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), time, random);
        _outage = new StoreOutage("Task claims", _logger);
        _wakeup = new Wakeup(time);
        _lastLook = time.GetTimestamp();
    }

    /// <summary>The number of slots.</summary>
    public int Slots => _slots.Count;

    /// <summary>The number of running tasks.</summary>
    public int Busy => _slots.Busy;

    /// <summary>Whether it accepts work: it has reached the store lately, or every slot is busy.</summary>
    public bool IsWorking => Busy >= Slots || _time.GetElapsedTime(Volatile.Read(ref _lastLook)) < _poll + _visibility;

    /// <inheritdoc />
    public override void Dispose()
    {
        _giveUp.Dispose();
        base.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        LogStarted(_worker, Slots, _types.All.Select(handler => handler.Type));
        using var subscription = _queue.OnWork(_wakeup.Call);
        using var ended = new CancellationTokenSource();
        var keeping = _claims.RunAsync(ended.Token);
        await TakeAsync(stoppingToken);
        await DrainAsync();
        await ended.CancelAsync();
        await keeping;
    }

    private async Task TakeAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                if (failures > 0)
                {
                    // Claims may have expired during the outage: extend first, so that no other worker gets a task that has ended here.
                    await _claims.ExtendAsync();
                }

                var nextDue = await ClaimAsync(stoppingToken);
                failures = 0;
                _outage.Over();
                Volatile.Write(ref _lastLook, _time.GetTimestamp());
                if (nextDue != TimeSpan.Zero)
                {
                    await _wakeup.WaitAsync(Pause(nextDue), stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _outage.Met(e);
                await _backoff.WaitAsync(++failures, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Claims tasks for free slots, and starts them.</summary>
    /// <returns>As <see cref="ClaimedBatch.NextDue"/>.</returns>
    private async Task<TimeSpan?> ClaimAsync(CancellationToken stoppingToken)
    {
        var unused = await _slots.TakeAsync(stoppingToken);
        try
        {
            var batch = await _queue.ClaimAsync(_worker, unused, _visibility, stoppingToken);
            foreach (var task in batch.Tasks)
            {
                var attempt = new TaskAttempt(task, _types.Find(task.Spec.Type)?.TimeLimit ?? _visibility, _time.GetTimestamp());
                _slots.Add(attempt);
                unused--;
                _ = Task.Run(() => RunAsync(attempt), CancellationToken.None);
            }

            return batch.NextDue;
        }
        finally
        {
            _slots.Return(unused);
        }
    }

    private async Task RunAsync(TaskAttempt attempt)
    {
        using (attempt)
        using (var activity = TaskRunner.Begin(attempt.Task))
        {
            var end = await _runner.ExecuteAsync(attempt);
            await _slots.BeginSettlingAsync(attempt);
            try
            {
                await _runner.SettleAsync(attempt, end, activity, _gaveUp);
            }
            finally
            {
                _slots.EndSettling(attempt);
            }
        }
    }

    // Many workers sleep until the same moment; a little jitter spreads their calls.
    private TimeSpan Pause(TimeSpan? nextDue)
    {
        var jitter = TimeSpan.FromMilliseconds(1 + (10 * _random.NextDouble()));
        return nextDue is { } due && due + jitter < _poll ? due + jitter : _poll;
    }

    private async Task DrainAsync()
    {
        LogDraining(_worker, _slots.Busy);
        if (await SettledWithinAsync(_drain))
        {
            return;
        }

        foreach (var attempt in _slots.Attempts.Where(attempt => !attempt.IsHandled))
        {
            attempt.Cancel(AttemptEnd.Stopping);
        }

        var settled = await SettledWithinAsync(LastMoment);
        await _giveUp.CancelAsync();
        if (!settled)
        {
            // A handler that ignores the token loses its task, so that the next worker need not wait for the claim to expire.
            await Task.WhenAll(_slots.Attempts.Where(attempt => !attempt.IsHandled).Select(ReleaseAsync));
        }
    }

    private async Task<bool> SettledWithinAsync(TimeSpan limit)
    {
        var all = Task.WhenAll(_slots.Attempts.Select(attempt => attempt.Settled));
        await all.WaitAsync(limit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return all.IsCompleted;
    }

    private async Task ReleaseAsync(TaskAttempt attempt)
    {
        LogReleased(attempt.Task.Claim.TaskId, attempt.Task.Spec.Type);
        try
        {
            await _queue.ReleaseAsync(attempt.Task.Claim, CancellationToken.None);
        }
        catch (Exception e)
        {
            // The claim expires anyway.
            _outage.Met(e);
        }
    }

    [LoggerMessage(1860, LogLevel.Information, "Worker {Worker} runs tasks in {Slots} slots: {Types}")]
    private partial void LogStarted(string worker, int slots, IEnumerable<string> types);

    [LoggerMessage(1863, LogLevel.Information, "Worker {Worker} claims nothing more; {Count} tasks are running.")]
    private partial void LogDraining(string worker, int count);

    [LoggerMessage(1864, LogLevel.Warning, "Task {TaskId} ({Type}) did not end in time and is released.")]
    private partial void LogReleased(string taskId, string type);
}
