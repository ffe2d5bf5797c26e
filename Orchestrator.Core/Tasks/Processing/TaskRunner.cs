using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Makes one try: runs the handler, and writes down how it ended as soon as the store takes it.</summary>
/// <param name="queue">Where it is written down.</param>
/// <param name="types">The handlers.</param>
/// <param name="options">Pauses and limits.</param>
/// <param name="handled">Called when the handler has ended: what is left to do is the store's.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Spreads retries.</param>
/// <param name="logger">Tells of tries that did not end well.</param>
internal sealed partial class TaskRunner(
    ITaskQueue queue, TaskTypes types, TasksOptions options, Action<TaskTry> handled, TimeProvider time, Random random, ILogger<TaskRunner> logger)
{
    private static readonly TimeSpan UnknownTypePause = TimeSpan.FromSeconds(5);

    private readonly RetryPauses _retries = new(
        TimeSpan.FromSeconds(options.RetrySeconds), TimeSpan.FromSeconds(options.MaxRetrySeconds), random);

    private readonly RetryPauses _storeRetries = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3), random);

    /// <summary>Never throws.</summary>
    /// <param name="one">The try.</param>
    /// <param name="giveUp">Cancelled when the store can't be waited for any longer; another worker takes the task up then.</param>
    public async Task RunAsync(TaskTry one, CancellationToken giveUp)
    {
        var (task, spec) = (one.Task, one.Task.Spec);
        if (task.Attempt == 1)
        {
            TaskMetrics.Waited(spec.Type, task.ClaimedAt - task.CreatedAt);
        }

        ActivityContext.TryParse(spec.TraceParent, null, out var parent);
        using var activity = OrchestratorTelemetry.Source.StartActivity($"task {spec.Type}", ActivityKind.Consumer, parent);
        // One that is not sampled keeps its tags all the same, and throws them away in the end.
        var told = activity is { IsAllDataRequested: true } ? activity : null;
        told?.SetTag("task.id", task.Claim.TaskId).SetTag("task.attempt", task.Attempt);

        var outcome = "complete";
        try
        {
            var result = await ExecuteAsync(one);
            if (!await SettleAsync(() => queue.CompleteAsync(task.Claim, result, CancellationToken.None), giveUp))
            {
                outcome = "stale";
                LogStale(task.Claim.TaskId, spec.Type);
            }
        }
        catch (OperationCanceledException) when (one.Reason == TryEnd.Stopping)
        {
            outcome = "released";
            await SettleQuietlyAsync(() => queue.ReleaseAsync(task.Claim, CancellationToken.None), task, giveUp);
        }
        catch (OperationCanceledException) when (one.Reason == TryEnd.ClaimLost)
        {
            outcome = "stale";
            LogStale(task.Claim.TaskId, spec.Type);
        }
        catch (StoreUnavailableException e)
        {
            outcome = "unsettled";
            LogUnsettled(task.Claim.TaskId, spec.Type, e.Message);
        }
        catch (Exception e)
        {
            outcome = await FailAsync(one, e, giveUp);
        }

        told?.SetTag("task.outcome", outcome);
        if (outcome is not ("complete" or "released"))
        {
            told?.SetStatus(ActivityStatusCode.Error, outcome);
        }

        TaskMetrics.Ended(spec.Type, outcome, time.GetElapsedTime(one.StartedAt));
    }

    private async ValueTask<string> ExecuteAsync(TaskTry one)
    {
        var spec = one.Task.Spec;
        if (types.Find(spec.Type) is not { } handler)
        {
            throw new TaskFailedException($"This worker knows no task type {spec.Type}.", retry: true);
        }

        one.Token.ThrowIfCancellationRequested();
        var context = new TaskContext(one.Task.Claim.TaskId, one.Task.Attempt, one.Token);
        string result;
        try
        {
            result = await handler.ExecuteAsync(JsonElement.Parse(spec.Input), context);
        }
        catch (StoreUnavailableException e)
        {
            // Of the handler's own doing; that of the queue is told apart from it.
            throw new TaskFailedException(e.Message, retry: true, e);
        }
        finally
        {
            handled(one);
        }

        return Encoding.UTF8.GetByteCount(result) <= TaskLimits.MaxResultBytes
            ? result
            : throw new TaskFailedException($"The result is larger than {TaskLimits.MaxResultBytes} bytes.", retry: false);
    }

    private async Task<string> FailAsync(TaskTry one, Exception e, CancellationToken giveUp)
    {
        var task = one.Task;
        var (error, retry) = e switch
        {
            TaskFailedException failed => (failed.Message, failed.Retry),
            OperationCanceledException when one.Reason == TryEnd.TimeUp => ($"It took longer than {one.TimeLimit.TotalSeconds:0.###} s.", true),
            _ => ($"{e.GetType().Name}: {e.Message}", true),
        };
        if (error.Length > TaskLimits.MaxErrorLength)
        {
            error = error[..TaskLimits.MaxErrorLength];
        }

        TimeSpan? pause = !retry ? null
            : types.Find(task.Spec.Type) is null ? UnknownTypePause
            : _retries.After(task.Attempt);
        if (e is not TaskFailedException)
        {
            LogTryThrew(task.Claim.TaskId, task.Spec.Type, task.Attempt, e);
        }

        var outcome = FailOutcome.Stale;
        await SettleQuietlyAsync(
            async () =>
            {
                outcome = await queue.FailAsync(task.Claim, error, pause, CancellationToken.None);
                return true;
            },
            task, giveUp);
        LogTryFailed(task.Claim.TaskId, task.Spec.Type, task.Attempt, outcome, error);
        return outcome switch { FailOutcome.Retrying => "retry", FailOutcome.Dead => "failed", _ => "stale" };
    }

    private async Task SettleQuietlyAsync(Func<ValueTask<bool>> settle, ClaimedTask task, CancellationToken giveUp)
    {
        try
        {
            await SettleAsync(settle, giveUp);
        }
        catch (StoreUnavailableException e)
        {
            LogUnsettled(task.Claim.TaskId, task.Spec.Type, e.Message);
        }
    }

    // Work that is done is not thrown away because the store is gone for a while.
    private async Task<bool> SettleAsync(Func<ValueTask<bool>> settle, CancellationToken giveUp)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await settle();
            }
            catch (StoreUnavailableException) when (!giveUp.IsCancellationRequested)
            {
                await Task.Delay(_storeRetries.After(tries), time, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1850, LogLevel.Warning, "Task {TaskId} ({Type}): its claim was lost, so this try changes nothing.")]
    private partial void LogStale(string taskId, string type);

    [LoggerMessage(1851, LogLevel.Warning, "Task {TaskId} ({Type}): the end of this try could not be written, another worker takes it up: {Error}")]
    private partial void LogUnsettled(string taskId, string type, string error);

    [LoggerMessage(1852, LogLevel.Warning, "Task {TaskId} ({Type}): try {Attempt} failed, {Outcome}: {Error}")]
    private partial void LogTryFailed(string taskId, string type, int attempt, FailOutcome outcome, string error);

    [LoggerMessage(1853, LogLevel.Error, "Task {TaskId} ({Type}): try {Attempt} threw.")]
    private partial void LogTryThrew(string taskId, string type, int attempt, Exception exception);
}
