using System.Net;
using System.Text.Json;

namespace Orchestrator.Client;

/// <summary>A call was refused, or failed on the server.</summary>
public sealed class OrchestratorException : Exception
{
    private const int LongestText = 300;

    private OrchestratorException(HttpStatusCode statusCode, string? code, string text, TimeSpan? retryAfter)
        : base($"{(int)statusCode} {text}")
    {
        StatusCode = statusCode;
        Code = code;
        RetryAfter = retryAfter;
    }

    /// <summary>The answer's status.</summary>
    public HttpStatusCode StatusCode { get; }

    /// <summary>
    /// The error's code, such as <c>RUNNER_NOT_FOUND</c>, or the text that a document fixes in its place; null when the
    /// answer is not Orchestrator's own, but a proxy's on the way.
    /// </summary>
    public string? Code { get; }

    /// <summary>When the same call may succeed; null when the server does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    internal static async Task<OrchestratorException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var error = Parse(text);
        var shown = error switch
        {
            { Code: { } code, Error: var sentence } => $"{code}: {sentence}",
            { Message: { } message } => $"{error.Error}: {message}",
            { Error: { } problem } => problem,
            _ => text.Length <= LongestText ? text : text[..LongestText] + "…",
        };
        return new OrchestratorException(response.StatusCode, error?.Code ?? error?.Error, shown, response.Headers.RetryAfter?.Delta);
    }

    private static ApiError? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ContractJson.Default.ApiError);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
