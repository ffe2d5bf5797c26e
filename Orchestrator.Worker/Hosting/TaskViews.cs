using Orchestrator.Client;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Worker.Hosting;

/// <summary>Describes tasks for callers.</summary>
public static class TaskViews
{
    /// <summary>Describes a task for a caller.</summary>
    /// <param name="task">The task.</param>
    /// <param name="checkedBy">The instance that answers; null in a callback.</param>
    public static TaskView Of(TaskRecord task, string? checkedBy) => new()
    {
        TaskId = task.Id,
        Type = task.Spec.Type,
        Status = NameOf(task.State),
        InitiatedBy = task.Spec.InitiatedBy,
        CheckedBy = checkedBy,
        HandledBy = task.HandledBy,
        Result = task.Result,
        Error = task.Error,
        Attempts = task.Attempts,
        CreatedAt = task.CreatedAt,
        RunAt = task.Spec.RunAt,
        StartedAt = task.StartedAt,
        FinishedAt = task.FinishedAt,
    };

    /// <summary>A state's name on the wire.</summary>
    public static string NameOf(TaskPhase state) => state.ToString().ToLowerInvariant();
}
