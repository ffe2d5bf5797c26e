using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>The answer to every call that is refused or fails (docs/contract/contract.md, Errors).</summary>
/// <param name="Error">
/// A code; the text that a document fixes in its place; or, on the calls of docs/contract/math-wizard.md, a sentence for people.
/// </param>
/// <param name="Message">An explanation for people; left out when null.</param>
/// <param name="Details">The internal cause, outside Production only; left out when null.</param>
/// <param name="Code">The code, where <paramref name="Error"/> is a sentence; left out when null.</param>
/// <param name="HandledBy">The instance that answers, where <paramref name="Error"/> is a sentence; left out when null.</param>
public sealed record ApiError(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("message"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null,
    [property: JsonPropertyName("details"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Details = null,
    [property: JsonPropertyName("code"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code = null,
    [property: JsonPropertyName("handled_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? HandledBy = null);
