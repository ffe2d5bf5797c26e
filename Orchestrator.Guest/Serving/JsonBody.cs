using System.IO.Pipelines;
using System.Text.Json;

namespace Orchestrator.Guest.Serving;

/// <summary>Reads a request's body as JSON.</summary>
internal static class JsonBody
{
    /// <exception cref="JsonException">Malformed, or not an object.</exception>
    /// <exception cref="BadHttpRequestException">Too long, or cut off.</exception>
    public static async ValueTask<RunRequest> ReadJsonAsync(this PipeReader body, CancellationToken cancellationToken) =>
        await JsonSerializer.DeserializeAsync(body, ServingJson.Default.RunRequest, cancellationToken)
            ?? throw new JsonException("The body is null.");
}
