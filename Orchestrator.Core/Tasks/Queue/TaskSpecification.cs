using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>A task as enqueued: written once and never changed.</summary>
public sealed record TaskSpecification
{
    /// <summary>The tenant of the task.</summary>
    [JsonPropertyName("n")]
    public Tenant Tenant { get; init; }

    /// <summary>The task type, the name of its <see cref="ITaskHandler"/>.</summary>
    [JsonPropertyName("t")]
    public required string Type { get; init; }

    /// <summary>The handler's input, as JSON text.</summary>
    /// <remarks>Last in the JSON: lists read what is before it.</remarks>
    [JsonPropertyName("i"), JsonPropertyOrder(1), JsonConverter(typeof(InputJsonConverter))]
    public required string Input { get; init; }

    /// <summary>The instance that accepted the task.</summary>
    [JsonPropertyName("b")]
    public required string InitiatedBy { get; init; }

    /// <summary>How many attempts are allowed, from 1. A worker's death counts as an attempt.</summary>
    [JsonPropertyName("m")]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Unique within a tenant: a second enqueue with the same key finds the first task. Null for none.</summary>
    [JsonPropertyName("k")]
    public string? IdempotencyKey { get; init; }

    /// <summary>The earliest time at which it may begin; null for at once.</summary>
    [JsonPropertyName("r")]
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Where its end is reported; null for nowhere.</summary>
    [JsonPropertyName("c")]
    public TaskCallback? Callback { get; init; }

    /// <summary>The W3C trace context (<c>traceparent</c>) of the enqueuing call; null for none.</summary>
    [JsonPropertyName("p")]
    public string? TraceParent { get; init; }
}

/// <summary>The shape of a callback's body.</summary>
public enum CallbackShape
{
    /// <summary>The task's status, as its status endpoint gives it.</summary>
    Status,

    /// <summary>The pod's result message (spec: orca-pod).</summary>
    Pod,
}

/// <summary>Where a task's end is reported.</summary>
/// <param name="Url">The address posted to.</param>
/// <param name="Shape">The shape of the body.</param>
/// <param name="PodTaskId">The pod's <c>task_id</c>; null for <see cref="CallbackShape.Status"/>.</param>
/// <param name="TodoId">The pod's <c>todoId</c>; null for <see cref="CallbackShape.Status"/>.</param>
public sealed record TaskCallback(
    [property: JsonPropertyName("u")] string Url,
    [property: JsonPropertyName("s")] CallbackShape Shape = CallbackShape.Status,
    [property: JsonPropertyName("t")] string? PodTaskId = null,
    [property: JsonPropertyName("o")] string? TodoId = null);
