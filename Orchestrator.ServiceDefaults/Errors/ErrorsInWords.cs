using Microsoft.AspNetCore.Builder;
using Orchestrator.Client;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>
/// On an endpoint whose clients show <c>error</c> to people: there it is the sentence, <c>code</c> the code, and
/// <c>handled_by</c> the instance that answers.
/// </summary>
public sealed class ErrorsInWords
{
    /// <summary>Words an error; one without a sentence stays as it is.</summary>
    /// <param name="error">The error.</param>
    /// <param name="instance">The instance that answers.</param>
    public static ApiError Word(ApiError error, string instance)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Message is { } sentence ? error with { Error = sentence, Message = null, Code = error.Error, HandledBy = instance } : error;
    }
}

/// <summary>Sets the shape of errors.</summary>
public static class ErrorShapes
{
    /// <summary>Words the errors of these calls (<see cref="ErrorsInWords"/>).</summary>
    public static TBuilder TellsErrorsInWords<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ErrorsInWords());
}
