using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Tasks.Processing;

// The tries under way: kept claimed while they run, told to end when their time is up, given back at a stop.
public sealed partial class TaskProcessor
{
    private async Task ExtendAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(_visibility / 3, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                try
                {
                    await ExtendAllAsync();
                }
                catch (StoreUnavailableException)
                {
                    // The next round tries again; a claim that runs out meanwhile is lost, which its settling will show.
                }
                catch (Exception e)
                {
                    LogExtendFailed(e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The processor has ended.
        }
    }

    private async Task ExtendAllAsync()
    {
        List<TaskTry> alive = [];
        foreach (var one in _tries.Keys)
        {
            var age = _time.GetElapsedTime(one.StartedAt);
            if (one.HasEnded || age < one.TimeLimit)
            {
                alive.Add(one);
                continue;
            }

            one.End(TryEnd.TimeUp);
            if (age < one.TimeLimit + _visibility)
            {
                continue;
            }

            // It does not listen: another worker has its task by now, and others need the slot.
            LogHung(one.Task.Claim.TaskId, one.Task.Spec.Type, age.TotalSeconds);
            GiveSlot(one);
            LetGo(one);
        }

        var holds = await _queue.ExtendAsync([.. alive.Select(one => one.Task.Claim)], _visibility, CancellationToken.None);
        for (var i = 0; i < alive.Count; i++)
        {
            if (!holds[i])
            {
                alive[i].End(TryEnd.ClaimLost);
            }
        }
    }

    private async Task DrainAsync()
    {
        LogDraining(_worker, _tries.Count);
        if (await EndedWithinAsync(_drain))
        {
            return;
        }

        foreach (var one in _tries.Keys)
        {
            one.End(TryEnd.Stopping);
        }

        var given = await EndedWithinAsync(LastMoment);
        await _giveUp.CancelAsync();
        if (given)
        {
            return;
        }

        // Who does not listen has its task taken away: the next worker need not wait for the claim to run out.
        await Task.WhenAll(_tries.Keys.Where(one => !one.HasEnded).Select(GiveBackAsync));
    }

    private async Task GiveBackAsync(TaskTry one)
    {
        LogGivenBack(one.Task.Claim.TaskId, one.Task.Spec.Type);
        try
        {
            await _queue.ReleaseAsync(one.Task.Claim, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // The claim runs out by itself.
        }
    }

    private async Task<bool> EndedWithinAsync(TimeSpan time)
    {
        var all = Task.WhenAll(_tries.Values);
        await Task.WhenAny(all, Task.Delay(time, _time));
        return all.IsCompleted;
    }

    [LoggerMessage(1862, LogLevel.Error, "Task {TaskId} ({Type}) has hung for {Seconds:0} s; its slot is taken away.")]
    private partial void LogHung(string taskId, string type, double seconds);

    [LoggerMessage(1863, LogLevel.Information, "Worker {Worker} takes nothing new; {Count} tasks are running.")]
    private partial void LogDraining(string worker, int count);

    [LoggerMessage(1864, LogLevel.Warning, "Task {TaskId} ({Type}) did not end in time and is given back.")]
    private partial void LogGivenBack(string taskId, string type);

    [LoggerMessage(1866, LogLevel.Error, "Claims could not be extended.")]
    private partial void LogExtendFailed(Exception exception);
}
