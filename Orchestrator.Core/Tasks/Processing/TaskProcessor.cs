using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>
/// Takes tasks and runs them in N slots, for as long as the process lives. Under load it claims for all free slots at
/// once, while the store still writes down the ends of those that had them before; idle it sleeps until it is woken or
/// something falls due. At the end it takes nothing new, lets what runs end, and gives back what does not end in time.
/// </summary>
public sealed partial class TaskProcessor : BackgroundService
{
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    private readonly ITaskQueue _queue;
    private readonly TaskRunner _runner;
    private readonly TaskTypes _types;
    private readonly string _worker;
    private readonly int _slots;
    private readonly TimeSpan _visibility;
    private readonly TimeSpan _drain;
    private readonly TimeSpan _poll;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskProcessor> _logger;
    private readonly RetryPauses _storeRetries;
    private readonly Wakeup _wakeup;
    private readonly Random _random;
    private readonly ConcurrentDictionary<TaskTry, Task> _tries = new();
    private readonly CancellationTokenSource _giveUp = new();
    private int _busy;
    private int _held;
    private int _wantsSlot;
    private long _lastLook;

    internal TaskProcessor(
        string worker, ITaskQueue queue, TaskTypes types, TasksOptions options, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        _worker = worker;
        _queue = queue;
        _types = types;
        _time = time;
        _random = random;
        _slots = options.Slots > 0 ? options.Slots : Environment.ProcessorCount;
        _visibility = TimeSpan.FromSeconds(options.VisibilitySeconds);
        _drain = TimeSpan.FromSeconds(options.DrainSeconds);
        _poll = TimeSpan.FromSeconds(options.IdlePollSeconds);
        _logger = loggers.CreateLogger<TaskProcessor>();
        _runner = new TaskRunner(queue, types, options, GiveSlot, time, random, loggers.CreateLogger<TaskRunner>());
        _storeRetries = new RetryPauses(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), random);
        _wakeup = new Wakeup(time);
        _lastLook = time.GetTimestamp();
    }

    /// <summary>How many tasks it runs at a time.</summary>
    public int Slots => _slots;

    /// <summary>How many it runs now.</summary>
    public int Busy => Volatile.Read(ref _busy);

    /// <summary>
    /// Whether it takes work: it has reached the store lately, or every slot is busy.
    /// </summary>
    public bool IsWorking => Busy >= _slots || _time.GetElapsedTime(Volatile.Read(ref _lastLook)) < _poll + _visibility;

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
        LogStarted(_worker, _slots, _types.All.Select(handler => handler.Type));
        using var subscription = _queue.OnWork(_wakeup.Call);
        using var ended = new CancellationTokenSource();
        var extending = ExtendAsync(ended.Token);
        try
        {
            await TakeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await DrainAsync();
        }
        finally
        {
            await ended.CancelAsync();
            await extending;
        }
    }

    // Half of the slots at once: the store finds the other half's next tasks while these run. What has ended and is not
    // written down yet is bounded, too.
    private int Claimable => Math.Min((_slots + 1) / 2, Math.Min(_slots - Busy, (2 * _slots) - Volatile.Read(ref _held)));

    private async Task TakeAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; ;)
        {
            stoppingToken.ThrowIfCancellationRequested();
            TimeSpan pause;
            try
            {
                if (failures > 0)
                {
                    // The store was away: what has ended here meanwhile is not to be claimed as if nobody had it.
                    await ExtendAllAsync();
                }

                var batch = await _queue.ClaimAsync(_worker, await ClaimableAsync(stoppingToken), _visibility, stoppingToken);
                failures = 0;
                Volatile.Write(ref _lastLook, _time.GetTimestamp());
                foreach (var task in batch.Tasks)
                {
                    Start(task);
                }

                if (batch.NextDue == TimeSpan.Zero)
                {
                    continue;
                }

                pause = Pause(batch.NextDue);
            }
            catch (StoreUnavailableException e)
            {
                pause = _storeRetries.After(++failures);
                if (failures == 1)
                {
                    LogStoreUnavailable(e.Message);
                }

                await Task.Delay(pause, _time, stoppingToken);
                continue;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // A defect, or a store that is not as it should be: worth a loud word, and no reason to stop for good.
                LogClaimFailed(e);
                await Task.Delay(_storeRetries.After(++failures), _time, stoppingToken);
                continue;
            }

            await _wakeup.WaitAsync(pause, stoppingToken);
        }
    }

    /// <summary>How many tasks to claim; waits until there is a slot for one.</summary>
    private async ValueTask<int> ClaimableAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (Claimable is > 0 and var count)
            {
                return count;
            }

            // From here on whoever gives a slot back calls; one may have been given back meanwhile.
            Interlocked.Exchange(ref _wantsSlot, 1);
            if (Claimable <= 0)
            {
                await _wakeup.WaitAsync(_poll, stoppingToken);
            }

            Interlocked.Exchange(ref _wantsSlot, 0);
        }
    }

    // Many workers sleep until the same moment; a little jitter keeps them from asking all at once.
    private TimeSpan Pause(TimeSpan? nextDue)
    {
        var jitter = TimeSpan.FromMilliseconds(1 + (10 * _random.NextDouble()));
        return nextDue is { } due && due + jitter < _poll ? due + jitter : _poll;
    }

    private void Start(ClaimedTask task)
    {
        Interlocked.Increment(ref _busy);
        Interlocked.Increment(ref _held);
        var limit = _types.Find(task.Spec.Type)?.TimeLimit ?? _visibility;
        var one = new TaskTry(task, limit, _time.GetTimestamp());

        // Registered before it runs, so that it can't end unseen.
        var start = new Task<Task>(() => RunAsync(one));
        _tries[one] = start.Unwrap();
        start.Start(TaskScheduler.Default);
    }

    private async Task RunAsync(TaskTry one)
    {
        try
        {
            await _runner.RunAsync(one, _giveUp.Token);
        }
        finally
        {
            GiveSlot(one);
            LetGo(one);
            one.Dispose();
        }
    }

    private void GiveSlot(TaskTry one)
    {
        if (one.GiveSlot())
        {
            Interlocked.Decrement(ref _busy);
            CallIfWanted();
        }
    }

    private void LetGo(TaskTry one)
    {
        if (_tries.TryRemove(one, out _))
        {
            Interlocked.Decrement(ref _held);
            CallIfWanted();
        }
    }

    private void CallIfWanted()
    {
        if (Volatile.Read(ref _wantsSlot) == 1)
        {
            _wakeup.Call();
        }
    }

    [LoggerMessage(1860, LogLevel.Information, "Worker {Worker} takes tasks in {Slots} slots: {Types}")]
    private partial void LogStarted(string worker, int slots, IEnumerable<string> types);

    [LoggerMessage(1861, LogLevel.Warning, "The queue can't be reached, trying again and again: {Error}")]
    private partial void LogStoreUnavailable(string error);

    [LoggerMessage(1865, LogLevel.Error, "Tasks could not be claimed.")]
    private partial void LogClaimFailed(Exception exception);
}
