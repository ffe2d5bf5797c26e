namespace Orchestrator.Core.Tasks.Queue;

/// <summary>The right to end an attempt at a task. Void as soon as the task is claimed again, ended or released.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">Greater for every claim of the task.</param>
public readonly record struct TaskClaim(string TaskId, long Fence);

/// <summary>A task that a worker has claimed.</summary>
/// <param name="Claim">The right to end this attempt.</param>
/// <param name="Spec">The task's specification.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="CreatedAt">When the task was enqueued, by the store's clock.</param>
/// <param name="ClaimedAt">When it was claimed, by the store's clock.</param>
public sealed record ClaimedTask(TaskClaim Claim, TaskSpecification Spec, int Attempt, DateTimeOffset CreatedAt, DateTimeOffset ClaimedAt);

/// <summary>The result of a claim.</summary>
/// <param name="Tasks">The tasks, oldest first; empty when there is nothing to do.</param>
/// <param name="NextDue">
/// How long until there may be more: zero when the claim was filled, else the time until the next delayed or abandoned
/// task falls due; null when none will.
/// </param>
public readonly record struct ClaimedBatch(IReadOnlyList<ClaimedTask> Tasks, TimeSpan? NextDue);

/// <summary>The result of an enqueue.</summary>
/// <param name="TaskId">The task's id; an earlier task's when the idempotency key was known.</param>
/// <param name="Existing">Whether the idempotency key was known, so that nothing was added.</param>
public readonly record struct EnqueueResult(string TaskId, bool Existing);

/// <summary>The outcome of a failed attempt.</summary>
public enum FailOutcome
{
    /// <summary>The claim was void; nothing was changed.</summary>
    Stale,

    /// <summary>It will be attempted again.</summary>
    Retrying,

    /// <summary>It failed for good.</summary>
    Dead,
}

/// <summary>The outcome of a change of a task.</summary>
public enum TaskChange
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>The task is in another state; nothing was changed.</summary>
    Refused,

    /// <summary>There is no such task.</summary>
    Unknown,
}

/// <summary>The queue holds as much as it may.</summary>
/// <param name="message">What is full, a sentence.</param>
public sealed class TaskQueueFullException(string message) : Exception(message)
{
    /// <summary>As many tasks are pending as may be.</summary>
    public static TaskQueueFullException OfTasks(TasksOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new($"{options.MaxPending} tasks are waiting already.");
    }

    /// <summary>Tasks hold as many bytes as they may, pending and kept ones together.</summary>
    public static TaskQueueFullException OfBytes(TasksOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new($"Pending and kept tasks hold {options.MaxStoredMiB} MiB of inputs and results already (Tasks:MaxStoredMiB).");
    }
}
