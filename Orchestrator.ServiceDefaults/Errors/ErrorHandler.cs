using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>The outermost middleware: turns exceptions and bare status codes into the error shape of docs/contract/contract.md.</summary>
internal sealed class ErrorHandler(ErrorWriter writer, IServiceProvider services, RequestDelegate next)
{
    private static readonly ErrorResult Unforeseen =
        new(StatusCodes.Status500InternalServerError, "SERVER_ERROR", "An unexpected error occurred on the server.");

    private readonly ErrorMap[] _maps = [.. services.GetServices<ErrorMap>()];

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            if (await HandleAsync(context, exception))
            {
                return;
            }

            throw;
        }

        if (context.Response is { StatusCode: >= 400, HasStarted: false, ContentType: null, ContentLength: null })
        {
            await writer.WriteAsync(context, context.Response.StatusCode, Describe(context.Response.StatusCode), null);
        }
    }

    // False when nothing can be answered any more: the connection is cut, so that a half answer never looks whole.
    private async Task<bool> HandleAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            writer.Abandoned(context);
            return true;
        }

        if (context.Response.HasStarted)
        {
            writer.CutShort(context, exception);
            return false;
        }

        context.Response.Clear();
        var answer = FindInInput(exception);
        if (answer is null)
        {
            var foreseen = FindForeseen(exception);
            if (foreseen is null)
            {
                writer.Unforeseen(context, exception);
            }

            answer = context.GetEndpoint()?.Metadata.GetMetadata<ErrorMap>()?.Find(exception) ?? foreseen ?? Unforeseen;
        }

        await answer.ExecuteAsync(context, exception);
        return true;
    }

    // What the caller sent; no endpoint has other words for it.
    private static ErrorResult? FindInInput(Exception exception) => exception switch
    {
        InvalidInputException invalid => invalid.Result,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ErrorResult.BodyTooLarge,
        BadHttpRequestException bad => new ErrorResult(bad.StatusCode, Describe(bad.StatusCode).Error, bad.Message),
        _ => null,
    };

    private ErrorResult? FindForeseen(Exception exception)
    {
        foreach (var map in _maps)
        {
            if (map.Find(exception) is { } known)
            {
                return known;
            }
        }

        return null;
    }

    private static ApiError Describe(int statusCode) => statusCode switch
    {
        StatusCodes.Status400BadRequest => new("REQUEST_INVALID", "The request is not understood."),
        StatusCodes.Status404NotFound => new("NOT_FOUND", "There is nothing under this path on this port."),
        StatusCodes.Status405MethodNotAllowed => new("METHOD_NOT_ALLOWED", "This path takes other verbs; see the Allow header."),
        StatusCodes.Status408RequestTimeout => new("REQUEST_TIMEOUT", "The request did not arrive in time."),
        StatusCodes.Status413PayloadTooLarge => ErrorResult.BodyTooLarge.Value,
        StatusCodes.Status415UnsupportedMediaType => new("MEDIA_TYPE_UNSUPPORTED", "This call takes JSON."),
        >= 500 => new("SERVER_ERROR", "An unexpected error occurred on the server."),
        _ => new("REQUEST_REFUSED", "The request was refused."),
    };
}
