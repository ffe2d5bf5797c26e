using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>A task that is asked for: what is written once and never changes.</summary>
public sealed record TaskSpecification
{
    /// <summary>Whose task it is.</summary>
    [JsonPropertyName("n")]
    public Tenant Tenant { get; init; }

    /// <summary>The task type, the name of its <see cref="ITaskHandler"/>.</summary>
    [JsonPropertyName("t")]
    public required string Type { get; init; }

    /// <summary>What the handler gets, as JSON text.</summary>
    [JsonPropertyName("i"), JsonConverter(typeof(InputJsonConverter))]
    public required string Input { get; init; }

    /// <summary>The instance that took the task in.</summary>
    [JsonPropertyName("b")]
    public required string InitiatedBy { get; init; }

    /// <summary>How often it is attempted before it counts as failed; from 1. A worker's death counts as an attempt.</summary>
    [JsonPropertyName("m")]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Two tasks of a tenant never have the same one: the second enqueue finds the first task. Null for none.</summary>
    [JsonPropertyName("k")]
    public string? IdempotencyKey { get; init; }

    /// <summary>When it may begin at the earliest; null for at once.</summary>
    [JsonPropertyName("r")]
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Where its end is to be told; null for nowhere.</summary>
    [JsonPropertyName("c")]
    public TaskCallback? Callback { get; init; }

    /// <summary>The W3C trace context (<c>traceparent</c>) of the call that asked for it; null for none.</summary>
    [JsonPropertyName("p")]
    public string? TraceParent { get; init; }
}

/// <summary>What a callback's body looks like.</summary>
public enum CallbackShape
{
    /// <summary>The task's status, as its status endpoint gives it.</summary>
    Status,

    /// <summary>The pod's result message (spec: orca-pod).</summary>
    Pod,
}

/// <summary>Where a task's end is told.</summary>
/// <param name="Url">The address posted to.</param>
/// <param name="Shape">What is posted.</param>
/// <param name="PodTaskId">The pod's <c>task_id</c>; null for <see cref="CallbackShape.Status"/>.</param>
/// <param name="TodoId">The pod's <c>todoId</c>; null for <see cref="CallbackShape.Status"/>.</param>
public sealed record TaskCallback(
    [property: JsonPropertyName("u")] string Url,
    [property: JsonPropertyName("s")] CallbackShape Shape = CallbackShape.Status,
    [property: JsonPropertyName("t")] string? PodTaskId = null,
    [property: JsonPropertyName("o")] string? TodoId = null);
