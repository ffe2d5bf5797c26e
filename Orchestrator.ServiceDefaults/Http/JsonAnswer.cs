using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>
/// A short JSON answer, written in one piece and with its length. For hot calls: the framework's own results write in
/// chunks, which takes both ends longer.
/// </summary>
/// <param name="statusCode">Its status.</param>
/// <param name="value">Its body.</param>
/// <param name="type">Its JSON type.</param>
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
