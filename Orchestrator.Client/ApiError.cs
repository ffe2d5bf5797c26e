using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>The answer to every call that is refused or fails (docs/contract/contract.md, Errors).</summary>
/// <param name="Error">A code, or the text that a document fixes in its place.</param>
/// <param name="Message">An explanation for people; left out when null.</param>
/// <param name="Details">The internal cause, outside Production only; left out when null.</param>
public sealed record ApiError(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("message"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null,
    [property: JsonPropertyName("details"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Details = null);
