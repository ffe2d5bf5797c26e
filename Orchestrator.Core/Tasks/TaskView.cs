using System.Text.Json.Serialization;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks;

/// <summary>A task as callers see it (docs/contract/contract.md, Tasks); what is null is left out of its JSON.</summary>
public sealed record TaskView
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("task_id")]
    public required string TaskId { get; init; }

    /// <summary>Whose it is; in lists only.</summary>
    [JsonPropertyName("tenant"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tenant { get; init; }

    /// <summary>Its type.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>complete</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>The instance that took it in.</summary>
    [JsonPropertyName("initiated_by")]
    public required string InitiatedBy { get; init; }

    /// <summary>The instance that answers.</summary>
    [JsonPropertyName("checked_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CheckedBy { get; init; }

    /// <summary>The worker of the last attempt.</summary>
    [JsonPropertyName("handled_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HandledBy { get; init; }

    /// <summary>The result.</summary>
    [JsonPropertyName("result"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonConverter(typeof(RawJsonConverter))]
    public string? Result { get; init; }

    /// <summary>What went wrong.</summary>
    [JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>How often it was begun.</summary>
    [JsonPropertyName("attempts")]
    public int Attempts { get; init; }

    /// <summary>When it was asked for.</summary>
    [JsonPropertyName("created_at")]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last attempt began.</summary>
    [JsonPropertyName("started_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [JsonPropertyName("finished_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How callers see a task.</summary>
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
        StartedAt = task.StartedAt,
        FinishedAt = task.FinishedAt,
    };

    /// <summary>A state's name.</summary>
    public static string NameOf(TaskState state) => state.ToString().ToLowerInvariant();
}
