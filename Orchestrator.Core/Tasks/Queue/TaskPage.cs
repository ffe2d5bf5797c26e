namespace Orchestrator.Core.Tasks.Queue;

/// <summary>What to list.</summary>
public sealed record TaskQuery
{
    /// <summary>Only those in this state; null for all.</summary>
    public TaskPhase? State { get; init; }

    /// <summary>How many at most, from 1.</summary>
    public required int Limit { get; init; }

    /// <summary>Where the page before ended; null for the first.</summary>
    public PageCursor? After { get; init; }

    /// <summary>The largest result to add, in bytes of JSON; 0 for none.</summary>
    public int MaxResultBytes { get; init; }
}

/// <summary>
/// A page of tasks: without their inputs (<c>{}</c> instead), and with the results that were asked for.
/// </summary>
/// <param name="Tasks">The tasks.</param>
/// <param name="Next">Where the next page begins; null on the last one. A page with a next one may be short.</param>
public readonly record struct TaskPage(IReadOnlyList<TaskRecord> Tasks, PageCursor? Next);
