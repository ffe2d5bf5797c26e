using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Serving;

/// <summary><c>POST /rotate</c>: takes the hash of a new token; the old one is refused from the answer on.</summary>
internal sealed class RotateEndpoint(AccessToken token) : IEndpoint
{
    private const int MaxBody = 1024;

    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Post, "/rotate", RotateAsync, Dialect.Rest) { MaxBody = MaxBody, IsActivity = false }];

    private async Task RotateAsync(HttpContext context)
    {
        RotateRequest? request = null;
        try
        {
            request = await JsonSerializer.DeserializeAsync(
                context.Request.BodyReader, RotateJson.Default.RotateRequest, context.RequestAborted);
        }
        catch (Exception error) when (error is JsonException or BadHttpRequestException)
        {
            // Answered as any other wrong body.
        }

        if (request is not { TokenSha256: { Length: 64 } hash } || !hash.All(char.IsAsciiHexDigit))
        {
            await Refusal.WriteAsync(context, 400, "tokenSha256 must be the SHA-256 of the new token: 64 hex digits.");
            return;
        }

        token.Rotate(Convert.FromHexString(hash));
        context.Response.StatusCode = 204;
    }
}

/// <summary>The body of <c>POST /rotate</c>.</summary>
internal sealed record RotateRequest(string? TokenSha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RotateRequest))]
internal sealed partial class RotateJson : JsonSerializerContext;
