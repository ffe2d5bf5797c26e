using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Orchestrator.Api.OpenApi;

/// <summary>
/// The serialized OpenAPI document, made at the first call: it does not change while the process runs, and
/// <c>MapOpenApi</c> would make it for every call.
/// </summary>
internal sealed class OpenApiFile([FromKeyedServices(OpenApiHosting.DocumentName)] IOpenApiDocumentProvider provider)
{
    private byte[]? _json;

    /// <summary>The document as OpenAPI 3.1 in JSON.</summary>
    public async ValueTask<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _json) is { } made)
        {
            return made;
        }

        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        await using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1, cancellationToken);
        return Interlocked.CompareExchange(ref _json, json.ToArray(), null) ?? _json;
    }
}
