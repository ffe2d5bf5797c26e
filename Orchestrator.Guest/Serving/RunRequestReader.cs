using System.IO.Pipelines;
using System.Text.Json;

namespace Orchestrator.Guest.Serving;

/// <summary>Reads the body of <c>POST /run</c>.</summary>
internal static class RunRequestReader
{
    /// <exception cref="JsonException">Malformed, or not an object.</exception>
    /// <exception cref="BadHttpRequestException">Too long, or cut off.</exception>
    public static async ValueTask<RunRequest> ReadJsonAsync(this PipeReader body, CancellationToken cancellationToken) =>
        await JsonSerializer.DeserializeAsync(body, ServingJson.Default.RunRequest, cancellationToken)
            ?? throw new JsonException("The body is null.");
}
