using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>
/// Answers an endpoint's exceptions in the contract's error shape. Once an answer has begun it is too late for that: the
/// framework logs the exception and aborts the connection, so that half an answer never looks complete.
/// </summary>
internal sealed class ExceptionAnswers(ErrorWriter writer, IEnumerable<ErrorMap> maps) : IExceptionHandler
{
    private static readonly ErrorResult Unforeseen =
        new(StatusCodes.Status500InternalServerError, "SERVER_ERROR", "An unexpected error occurred on the server.");

    private readonly ErrorMap[] _maps = [.. maps];

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            writer.Abandoned(httpContext);
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        // The framework has removed the endpoint from the call and keeps it here.
        var endpoint = httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        await Find(httpContext, endpoint, exception).ExecuteAsync(httpContext, exception);
        return true;
    }

    private ErrorResult Find(HttpContext context, Endpoint? endpoint, Exception exception)
    {
        switch (exception)
        {
            // Invalid input; an endpoint words it differently only where its document has sentences for codes.
            case InvalidInputException invalid:
                return endpoint?.Metadata.GetMetadata<InputErrorMap>()?.Describe(invalid) ?? invalid.Result;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return (endpoint?.Metadata.GetMetadata<BodyLimit>() ?? BodyLimit.Default).Refusal();
            case BadHttpRequestException bad:
                return new ErrorResult(bad.StatusCode, StatusAnswers.Describe(bad.StatusCode).Error, bad.Message);
        }

        var foreseen = FindForeseen(exception);
        if (foreseen is null)
        {
            writer.Unforeseen(context, exception);
        }

        return endpoint?.Metadata.GetMetadata<ErrorMap>()?.Find(exception) ?? foreseen ?? Unforeseen;
    }

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
}
