using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Connect;

namespace Orchestrator.Guest.Serving;

/// <summary>Answers that a call is refused.</summary>
internal static class Refusal
{
    private const string RetryAfterSeconds = "1";

    /// <summary>Answers in the runner's own form.</summary>
    public static Task WriteAsync(HttpContext context, int status, string error, string message, bool retry = false)
    {
        if (retry)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        return WriteAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(new Problem(error, message), RefusalJson.Default.Problem));
    }

    /// <summary>Answers in envd's form.</summary>
    /// <param name="context">The call.</param>
    /// <param name="status">The HTTP status, and the body's <c>code</c>.</param>
    /// <param name="message">What is wrong, for display.</param>
    /// <param name="port">The port that the call is about; left out when null.</param>
    public static Task WriteAsync(HttpContext context, int status, string message, int? port = null) =>
        WriteAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(new RestProblem(status, message, port), RefusalJson.Default.RestProblem));

    /// <summary>Answers in the route's form.</summary>
    public static Task WriteAsync(HttpContext context, Dialect dialect, int status, string error, ConnectCode code, string message) => dialect switch
    {
        Dialect.Runner => WriteAsync(context, status, error, message),
        Dialect.Rest => WriteAsync(context, status, message),
        _ => ConnectCall.RefuseAsync(context, code, message),
    };

    private static async Task WriteAsync(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}

/// <summary>An error's body.</summary>
internal sealed record Problem(string Error, string Message);

/// <summary>An error's body in envd's form.</summary>
internal sealed record RestProblem(int Code, string Message, int? Port = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(RestProblem))]
internal sealed partial class RefusalJson : JsonSerializerContext;
