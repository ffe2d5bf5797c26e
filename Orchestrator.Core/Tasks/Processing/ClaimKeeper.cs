using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Keeps a worker's claims alive while their attempts run; cancels attempts that time out or lose their claim.</summary>
internal sealed partial class ClaimKeeper(
    AttemptSlots slots, ITaskQueue queue, TimeSpan visibility, TimeProvider time, ILogger<ClaimKeeper> logger)
{
    private readonly StoreOutage _outage = new("Task heartbeats", logger);

    /// <summary>Extends every claim three times per visibility time-out, until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(visibility / 3, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await ExtendAsync();
                    _outage.Over();
                }
                catch (Exception e)
                {
                    // The next tick retries. A claim that expires before that is lost, which its settling shows.
                    _outage.Met(e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The processor has ended.
        }
    }

    /// <summary>Extends every claim now.</summary>
    public async Task ExtendAsync()
    {
        List<TaskAttempt> alive = [];
        foreach (var attempt in slots.Attempts)
        {
            var age = time.GetElapsedTime(attempt.StartedAt);
            if (attempt.IsHandled || age < attempt.TimeLimit)
            {
                alive.Add(attempt);
                continue;
            }

            attempt.Cancel(AttemptEnd.TimeUp);
            if (age >= attempt.TimeLimit + visibility)
            {
                // Its handler ignores the token, and its claim has expired: another worker has the task.
                LogHung(attempt.Task.Claim.TaskId, attempt.Task.Spec.Type, age.TotalSeconds);
                slots.Abandon(attempt);
            }
        }

        var holds = await queue.ExtendAsync([.. alive.Select(attempt => attempt.Task.Claim)], visibility, CancellationToken.None);
        for (var i = 0; i < alive.Count; i++)
        {
            if (!holds[i])
            {
                alive[i].Cancel(AttemptEnd.ClaimLost);
            }
        }
    }

    [LoggerMessage(1862, LogLevel.Error, "Task {TaskId} ({Type}) has hung for {Seconds:0} s; its slot is freed.")]
    private partial void LogHung(string taskId, string type, double seconds);
}
