using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Invalid input of a caller: 400 with a code and a message.</summary>
/// <param name="code">The error's code.</param>
/// <param name="message">The problem, naming the field.</param>
public sealed class InvalidInputException(string code, string message) : Exception(message)
{
    /// <summary>The answer.</summary>
    public ErrorResult Result { get; } = new(StatusCodes.Status400BadRequest, code, message);

    /// <summary>A field, header or parameter is wrong: <c>FIELD_INVALID</c>.</summary>
    /// <param name="field">Its name or path.</param>
    /// <param name="problem">The problem, the rest of a sentence that begins with the field's name.</param>
    public static InvalidInputException Field(string field, string problem) => new("FIELD_INVALID", $"{field} {problem}");
}
