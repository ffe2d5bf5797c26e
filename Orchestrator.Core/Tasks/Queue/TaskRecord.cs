namespace Orchestrator.Core.Tasks.Queue;

/// <summary>The state of a task.</summary>
public enum TaskPhase
{
    /// <summary>Waiting: for a worker, for its time, or for the pause after a failed attempt.</summary>
    Pending,

    /// <summary>Claimed by a worker.</summary>
    Running,

    /// <summary>Done; its result is there.</summary>
    Complete,

    /// <summary>Failed for good; <see cref="ITaskQueue.RetryAsync"/> makes it pending again.</summary>
    Failed,

    /// <summary>Cancelled before a worker claimed it.</summary>
    Cancelled,
}

/// <summary>A task as the queue knows it. All times are the store's.</summary>
public sealed record TaskRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its specification.</summary>
    public required TaskSpecification Spec { get; init; }

    /// <summary>Its state.</summary>
    public required TaskPhase State { get; init; }

    /// <summary>The number of attempts begun since it was enqueued or retried.</summary>
    public int Attempts { get; init; }

    /// <summary>When it was enqueued.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last attempt began; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null until then.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The worker of the last attempt; null before the first.</summary>
    public string? HandledBy { get; init; }

    /// <summary>The result as JSON text; null unless <see cref="TaskPhase.Complete"/>.</summary>
    public string? Result { get; init; }

    /// <summary>What went wrong in the last attempt; null when nothing did.</summary>
    public string? Error { get; init; }
}

/// <summary>How many tasks of a type are in a state.</summary>
/// <param name="Type">The task type.</param>
/// <param name="State">The state.</param>
/// <param name="Count">How many.</param>
public readonly record struct TaskCount(string Type, TaskPhase State, long Count);
