using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>What a caller sent is wrong: 400 with a code and what is wrong.</summary>
/// <param name="code">The error's code.</param>
/// <param name="message">What is wrong, naming the field.</param>
public sealed class InvalidInputException(string code, string message) : Exception(message)
{
    /// <summary>The answer.</summary>
    public ErrorResult Result { get; } = new(StatusCodes.Status400BadRequest, code, message);

    /// <summary>A field, header or parameter is wrong: <c>FIELD_INVALID</c>.</summary>
    /// <param name="field">Its name or path.</param>
    /// <param name="problem">What is wrong with it, the rest of a sentence that begins with its name.</param>
    public static InvalidInputException Field(string field, string problem) => new("FIELD_INVALID", $"{field} {problem}");
}
