using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Worker.Pod;

/// <summary>The body of <c>POST /task/{todoId}</c>.</summary>
/// <param name="TaskId">The task that the result belongs to.</param>
/// <param name="Input">The number to compute.</param>
/// <param name="Todo">The task type: <c>ComputeFibonacci</c>.</param>
internal sealed record PodTaskRequest(
    [property: JsonPropertyName("task_id")] string? TaskId = null,
    [property: JsonPropertyName("input")] JsonElement? Input = null,
    [property: JsonPropertyName("todo")] string? Todo = null);

/// <summary>The answer to it.</summary>
internal sealed record PodTaskResponse(
    [property: JsonPropertyName("todoId")] string TodoId,
    [property: JsonPropertyName("status")] string Status);

/// <summary>The body of <c>POST /audit</c>.</summary>
internal sealed record PodAudit([property: JsonPropertyName("submission")] PodSubmission? Submission = null);

/// <summary>The submission to audit.</summary>
internal sealed record PodSubmission([property: JsonPropertyName("message")] string? Message = null);

[JsonSerializable(typeof(PodTaskRequest))]
[JsonSerializable(typeof(PodAudit))]
[JsonSerializable(typeof(PodTaskResponse))]
[JsonSerializable(typeof(bool))]
internal sealed partial class PodJson : JsonSerializerContext
{
    public static PodJson Plain { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
