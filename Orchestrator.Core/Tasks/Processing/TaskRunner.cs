using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>How a handler ended.</summary>
/// <param name="Result">Its result; null when it failed or was cancelled.</param>
/// <param name="Error">Its exception; null when it threw none.</param>
/// <param name="Reason">Why it had been cancelled by then.</param>
internal readonly record struct HandlerEnd(string? Result, Exception? Error = null, AttemptEnd Reason = AttemptEnd.None);

/// <summary>Makes attempts: runs the handler, then records its end as soon as the store accepts it.</summary>
/// <param name="queue">Where the end is recorded.</param>
/// <param name="types">The handlers.</param>
/// <param name="options">Pauses and limits.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Spreads retries.</param>
/// <param name="logger">Reports attempts that failed.</param>
internal sealed partial class TaskRunner(
    ITaskQueue queue, TaskTypes types, TasksOptions options, TimeProvider time, Random random, ILogger<TaskRunner> logger)
{
    private static readonly TimeSpan UnknownTypePause = TimeSpan.FromSeconds(5);

    // A reachable store that refuses for longer refuses for good.
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromMinutes(1);

    private readonly Backoff _retries = new(
        TimeSpan.FromSeconds(options.RetrySeconds), TimeSpan.FromSeconds(options.MaxRetrySeconds), time, random);

    private readonly Backoff _storeRetries = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3), time, random);

    /// <summary>Begins the trace of an attempt, as a part of the trace of the call that enqueued the task.</summary>
    public static Activity? Begin(ClaimedTask task)
    {
        ActivityContext.TryParse(task.Spec.TraceParent, null, out var parent);
        var activity = OrchestratorTelemetry.Source.StartActivity($"task {task.Spec.Type}", ActivityKind.Consumer, parent);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("task.id", task.Claim.TaskId).SetTag("task.attempt", task.Attempt);
        }

        return activity;
    }

    /// <summary>Runs the handler. Never throws.</summary>
    public async Task<HandlerEnd> ExecuteAsync(TaskAttempt attempt)
    {
        var (task, spec) = (attempt.Task, attempt.Task.Spec);
        try
        {
            if (task.Attempt == 1)
            {
                TaskMetrics.Waited(spec.Type, task.ClaimedAt - task.CreatedAt);
            }

            attempt.Token.ThrowIfCancellationRequested();
            var handler = types.Find(spec.Type)
                ?? throw new TaskFailedException($"This worker knows no task type {spec.Type}.", retry: true);
            var result = await handler.ExecuteAsync(
                JsonElement.Parse(spec.Input), new TaskContext(task.Claim.TaskId, task.Attempt, attempt.Token) { Tenant = spec.Tenant });
            return Encoding.UTF8.GetByteCount(result) <= TaskLimits.MaxResultBytes
                ? new HandlerEnd(result)
                : throw new TaskFailedException($"The result is larger than {TaskLimits.MaxResultBytes} bytes.", retry: false);
        }
        catch (Exception e)
        {
            return new HandlerEnd(null, e, attempt.Reason);
        }
    }

    /// <summary>Records the end. Never throws.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="end">How its handler ended.</param>
    /// <param name="activity">Its trace; null when there is none.</param>
    /// <param name="giveUp">Cancelled when the store can't be waited for any longer; the task is then attempted again.</param>
    public async Task SettleAsync(TaskAttempt attempt, HandlerEnd end, Activity? activity, CancellationToken giveUp)
    {
        var (id, type) = (attempt.Task.Claim.TaskId, attempt.Task.Spec.Type);
        string outcome;
        try
        {
            if (end.Error is not (null or TaskFailedException or StoreUnavailableException or OperationCanceledException))
            {
                LogThrew(id, type, attempt.Task.Attempt, end.Error);
            }

            outcome = await WriteAsync(attempt, end, giveUp);
            if (outcome == "stale")
            {
                LogStale(id, type);
            }
        }
        catch (Exception e)
        {
            outcome = "unsettled";
            LogUnsettled(id, type, e);
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("task.outcome", outcome);
            if (outcome is not ("complete" or "released"))
            {
                activity.SetStatus(ActivityStatusCode.Error, outcome);
            }
        }

        TaskMetrics.Ended(type, outcome, time.GetElapsedTime(attempt.StartedAt));
    }

    // An outage of the store must not discard finished work. If a reachable store keeps refusing the result, the attempt
    // fails, so that the task's status says why.
    private async Task<string> WriteAsync(TaskAttempt attempt, HandlerEnd end, CancellationToken giveUp)
    {
        long? refusedSince = null;
        for (var writes = 1; ; writes++)
        {
            try
            {
                return await WriteOnceAsync(attempt, end);
            }
            catch (StoreUnavailableException) when (!giveUp.IsCancellationRequested)
            {
                refusedSince = null;
            }
            catch (Exception e) when (!giveUp.IsCancellationRequested)
            {
                refusedSince ??= time.GetTimestamp();
                if (time.GetElapsedTime(refusedSince.Value) >= RefusalLimit)
                {
                    return await FailAsync(attempt, new HandlerEnd(null, e));
                }
            }

            await _storeRetries.WaitAsync(writes, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string> WriteOnceAsync(TaskAttempt attempt, HandlerEnd end)
    {
        var claim = attempt.Task.Claim;
        switch (end.Error, end.Reason)
        {
            case (null, _):
                return await queue.CompleteAsync(claim, end.Result!, CancellationToken.None) ? "complete" : "stale";
            case (OperationCanceledException, AttemptEnd.Stopping):
                await queue.ReleaseAsync(claim, CancellationToken.None);
                return "released";
            case (OperationCanceledException, AttemptEnd.ClaimLost):
                return "stale";
            default:
                return await FailAsync(attempt, end);
        }
    }

    private async Task<string> FailAsync(TaskAttempt attempt, HandlerEnd end)
    {
        var (task, e) = (attempt.Task, end.Error!);
        var (error, retry) = e switch
        {
            TaskFailedException failed => (failed.Message, failed.Retry),
            // The handler's own store, whose message says more than the exception's name.
            StoreUnavailableException => (e.Message, true),
            OperationCanceledException when end.Reason == AttemptEnd.TimeUp => ($"It took longer than {attempt.TimeLimit.TotalSeconds:0.###} s.", true),
            _ => ($"{e.GetType().Name}: {e.Message}", true),
        };
        if (error.Length > TaskLimits.MaxErrorLength)
        {
            error = error[..TaskLimits.MaxErrorLength];
        }

        TimeSpan? pause = !retry ? null
            : types.Find(task.Spec.Type) is null ? UnknownTypePause
            : _retries.After(task.Attempt);
        var outcome = await queue.FailAsync(task.Claim, error, pause, CancellationToken.None);
        if (outcome != FailOutcome.Stale)
        {
            LogFailed(task.Claim.TaskId, task.Spec.Type, task.Attempt, outcome, error);
        }

        return outcome switch { FailOutcome.Retrying => "retry", FailOutcome.Dead => "failed", _ => "stale" };
    }

    [LoggerMessage(1850, LogLevel.Warning, "Task {TaskId} ({Type}): claim lost, end of this attempt ignored.")]
    private partial void LogStale(string taskId, string type);

    [LoggerMessage(1851, LogLevel.Warning, "Task {TaskId} ({Type}): end of this attempt not recorded; retrying the task when its claim expires.")]
    private partial void LogUnsettled(string taskId, string type, Exception exception);

    [LoggerMessage(1852, LogLevel.Warning, "Task {TaskId} ({Type}): attempt {Attempt} failed, {Outcome}: {Error}")]
    private partial void LogFailed(string taskId, string type, int attempt, FailOutcome outcome, string error);

    [LoggerMessage(1853, LogLevel.Error, "Task {TaskId} ({Type}): attempt {Attempt} threw.")]
    private partial void LogThrew(string taskId, string type, int attempt, Exception exception);
}
