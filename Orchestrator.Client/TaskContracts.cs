using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>The body of <c>POST /task</c>: <c>a</c>, <c>b</c> and <c>operation</c>, or a type and its input.</summary>
/// <param name="A">The first number, as number or text.</param>
/// <param name="B">The second number, as number or text.</param>
/// <param name="Operation"><c>add</c>.</param>
/// <param name="Type">A task type; see <c>GET /tasks/types</c>.</param>
/// <param name="Input">The type's input.</param>
/// <param name="CallbackUrl">Where the end is reported; its host and port must be in <c>Callbacks:Allowed</c>.</param>
/// <param name="IdempotencyKey">1 to 200 characters; a repeated key finds the same task.</param>
/// <param name="RunAt">The earliest time at which it may begin, ISO 8601 with an offset.</param>
/// <param name="MaxAttempts">The number of attempts allowed, 1 to 100.</param>
public sealed record TaskRequest(
    [property: JsonPropertyName("a")] JsonElement? A = null,
    [property: JsonPropertyName("b")] JsonElement? B = null,
    [property: JsonPropertyName("operation")] string? Operation = null,
    [property: JsonPropertyName("type")] string? Type = null,
    [property: JsonPropertyName("input")] JsonElement? Input = null,
    [property: JsonPropertyName("callback_url")] string? CallbackUrl = null,
    [property: JsonPropertyName("idempotency_key")] string? IdempotencyKey = null,
    [property: JsonPropertyName("run_at")] string? RunAt = null,
    [property: JsonPropertyName("max_attempts")] int? MaxAttempts = null);

/// <summary>An accepted task.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="InitiatedBy">The instance that accepted it.</param>
public sealed record TaskAccepted(
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonPropertyName("initiated_by")] string InitiatedBy);

/// <summary>A sum, computed at once.</summary>
/// <param name="HandledBy">The instance that added.</param>
/// <param name="Sum">The sum as JSON: a number, or beyond 2^53−1 a string of digits.</param>
public sealed record SumResponse(
    [property: JsonPropertyName("handled_by")] string HandledBy,
    [property: JsonPropertyName("sum"), JsonConverter(typeof(RawJsonConverter))] string Sum);

/// <summary>The result of cancelling or retrying a task.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="Status">Its status now.</param>
public sealed record TaskChanged(
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonPropertyName("status")] string Status);

/// <summary>A page of tasks, newest first; without results unless they were asked for.</summary>
/// <param name="Tasks">The tasks.</param>
/// <param name="Next">The <c>cursor</c> of the next page; left out on the last one. A page with a next one may be short.</param>
public sealed record TaskList(
    [property: JsonPropertyName("tasks")] IReadOnlyList<TaskView> Tasks,
    [property: JsonPropertyName("next"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next = null);

/// <summary>A task type.</summary>
/// <param name="Type">Its name.</param>
/// <param name="InputSchema">The JSON schema of its input.</param>
public sealed record TaskTypeEntry(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("input_schema")] JsonElement InputSchema);

/// <summary>Every task type.</summary>
/// <param name="Types">The types.</param>
public sealed record TaskTypeList([property: JsonPropertyName("types")] IReadOnlyList<TaskTypeEntry> Types);

/// <summary>A value read from the shared store.</summary>
/// <param name="Message">The text.</param>
public sealed record ValkeyMessage([property: JsonPropertyName("message")] string Message);

/// <summary>Whether the shared store can be written and read.</summary>
/// <param name="ValkeyOk">Whether it can.</param>
/// <param name="ReadValue">The value read; left out on an error.</param>
/// <param name="Error">The problem; left out when there is none.</param>
/// <param name="HandledBy">The instance that answers.</param>
public sealed record ValkeyTestResponse(
    [property: JsonPropertyName("valkey_ok")] bool ValkeyOk,
    [property: JsonPropertyName("read_value"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ValkeyMessage? ReadValue,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error,
    [property: JsonPropertyName("handled_by")] string HandledBy);
