using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>
/// A short answer in JSON, written in one piece and with its length. For calls that are worth it: the framework's own
/// results write in chunks, for which both ends take longer.
/// </summary>
/// <param name="statusCode">Its status.</param>
/// <param name="value">What is answered.</param>
/// <param name="type">How it is written.</param>
public sealed class JsonAnswer<T>(int statusCode, T value, JsonTypeInfo<T> type) : IResult, IStatusCodeHttpResult, IValueHttpResult<T>
{
    /// <inheritdoc />
    public int? StatusCode => statusCode;

    /// <inheritdoc />
    public T Value => value;

    /// <inheritdoc />
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = statusCode;
        response.ContentType = "application/json; charset=utf-8";
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }
}
