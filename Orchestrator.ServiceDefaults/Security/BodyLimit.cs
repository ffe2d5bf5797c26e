using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>How long the body of an endpoint's calls may be; on an endpoint without it, <see cref="Default"/>.</summary>
/// <param name="maxBytes">The most bytes; null for no limit.</param>
public sealed class BodyLimit(long? maxBytes) : IRequestSizeLimitMetadata
{
    /// <summary>The most bytes of a body where the endpoint does not say otherwise: 1 MiB.</summary>
    public const int DefaultBytes = 1 << 20;

    // Kestrel counts what chunks are wrapped in, too: up to five bytes for each byte of the body.
    private const int ChunkOverhead = 8;

    /// <summary><see cref="DefaultBytes"/>.</summary>
    public static BodyLimit Default { get; } = new(DefaultBytes);

    /// <summary>The most bytes; null for no limit.</summary>
    public long? MaxBytes => maxBytes;

    /// <summary>The bound that the server itself keeps; those who read the body count exactly.</summary>
    public long? MaxRequestBodySize => maxBytes * ChunkOverhead;

    /// <summary>The limit of the endpoint that a call is for.</summary>
    internal static BodyLimit Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() ?? Default;

    internal ErrorResult Refusal() =>
        new(StatusCodes.Status413PayloadTooLarge, "BODY_TOO_LARGE", $"The body is too large: at most {MaxBytes ?? DefaultBytes} bytes are allowed.");
}

/// <summary>Sets the limits of bodies.</summary>
public static class BodyLimits
{
    /// <summary>Limits the body of these endpoints' calls; null lifts the limit, for what is streamed.</summary>
    public static TBuilder WithBodyLimit<TBuilder>(this TBuilder builder, long? maxBytes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new BodyLimit(maxBytes));
}
