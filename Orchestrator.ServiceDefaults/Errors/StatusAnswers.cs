using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>The meaning of a bare status code in one call; a feature, set together with the status.</summary>
/// <param name="Error">The answer's body.</param>
internal sealed record StatusError(ApiError Error);

/// <summary>Gives bare status codes the contract's error shape.</summary>
internal static class StatusAnswers
{
    public static Task WriteAsync(StatusCodeContext page)
    {
        var context = page.HttpContext;
        var status = context.Response.StatusCode;
        return context.RequestServices.GetRequiredService<ErrorWriter>()
            .WriteAsync(context, status, context.Features.Get<StatusError>()?.Error ?? Describe(status), null);
    }

    public static ApiError Describe(int statusCode) => statusCode switch
    {
        StatusCodes.Status400BadRequest => new("REQUEST_INVALID", "The request is malformed."),
        StatusCodes.Status404NotFound => new("NOT_FOUND", "This port has no such path."),
        StatusCodes.Status405MethodNotAllowed => new("METHOD_NOT_ALLOWED", "This path does not allow the method; see the Allow header."),
        StatusCodes.Status408RequestTimeout => new("REQUEST_TIMEOUT", "The request did not arrive in time."),
        StatusCodes.Status413PayloadTooLarge => BodyLimit.Default.Refusal().Value,
        StatusCodes.Status415UnsupportedMediaType => new("MEDIA_TYPE_UNSUPPORTED", "This call requires JSON."),
        >= 500 => new("SERVER_ERROR", "An unexpected error occurred on the server."),
        _ => new("REQUEST_REFUSED", "The request was refused."),
    };
}
