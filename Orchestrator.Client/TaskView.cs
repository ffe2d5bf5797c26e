using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>A task as callers see it (docs/contract/contract.md, Tasks); nulls are left out of its JSON.</summary>
public sealed record TaskView
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("task_id")]
    public required string TaskId { get; init; }

    /// <summary>Its tenant; in lists only.</summary>
    [JsonPropertyName("tenant"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tenant { get; init; }

    /// <summary>Its type.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>complete</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>The instance that accepted it.</summary>
    [JsonPropertyName("initiated_by")]
    public required string InitiatedBy { get; init; }

    /// <summary>The instance that answers.</summary>
    [JsonPropertyName("checked_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CheckedBy { get; init; }

    /// <summary>The worker of the last attempt.</summary>
    [JsonPropertyName("handled_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HandledBy { get; init; }

    /// <summary>The result, as JSON text.</summary>
    [JsonPropertyName("result"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonConverter(typeof(RawJsonConverter))]
    public string? Result { get; init; }

    /// <summary>The error of the last attempt.</summary>
    [JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>The number of attempts begun.</summary>
    [JsonPropertyName("attempts")]
    public int Attempts { get; init; }

    /// <summary>When it was enqueued.</summary>
    [JsonPropertyName("created_at")]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The earliest time at which it may begin; left out for at once.</summary>
    [JsonPropertyName("run_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>When the last attempt began.</summary>
    [JsonPropertyName("started_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [JsonPropertyName("finished_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? FinishedAt { get; init; }
}
