using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Client;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>Refuses or fails a call: writes the answer and logs its cause.</summary>
/// <param name="statusCode">400 to 599.</param>
/// <param name="error">A code, or the text that a document gives in its place.</param>
/// <param name="message">The explanation, for people.</param>
/// <param name="retryAfter">When to retry; rounded up to whole seconds, at least one.</param>
public sealed class ErrorResult(int statusCode, string error, string? message = null, TimeSpan? retryAfter = null)
    : IResult, IStatusCodeHttpResult, IValueHttpResult<ApiError>
{
    /// <inheritdoc />
    public int? StatusCode => statusCode;

    /// <inheritdoc />
    public ApiError Value { get; } = new(error, message);

    /// <inheritdoc />
    public Task ExecuteAsync(HttpContext httpContext) => ExecuteAsync(httpContext, null);

    /// <summary>Writes the answer to a call that ended in an exception.</summary>
    internal Task ExecuteAsync(HttpContext httpContext, Exception? cause)
    {
        if (retryAfter is { } pause)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(pause.TotalSeconds));
            httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return httpContext.RequestServices.GetRequiredService<ErrorWriter>().WriteAsync(httpContext, statusCode, Value, cause);
    }
}
