using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>The size limit of an endpoint's bodies; <see cref="Default"/> on an endpoint without it.</summary>
/// <param name="maxBytes">The largest body in bytes; null for no limit.</param>
public sealed class BodyLimit(long? maxBytes) : IRequestSizeLimitMetadata
{
    /// <summary>The largest body in bytes on an endpoint without its own limit: 1 MiB.</summary>
    public const int DefaultBytes = 1 << 20;

    // Kestrel also counts the chunks' framing: up to five bytes for each byte of the body.
    private const int ChunkOverhead = 8;

    /// <summary><see cref="DefaultBytes"/>.</summary>
    public static BodyLimit Default { get; } = new(DefaultBytes);

    /// <summary>The largest body in bytes; null for no limit.</summary>
    public long? MaxBytes => maxBytes;

    /// <summary>The server's own, looser bound; the body's reader counts exactly.</summary>
    public long? MaxRequestBodySize => maxBytes * ChunkOverhead;

    /// <summary>The limit of a call's endpoint.</summary>
    internal static BodyLimit Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() ?? Default;

    internal ErrorResult Refusal() =>
        new(StatusCodes.Status413PayloadTooLarge, "BODY_TOO_LARGE", $"The body is too large: at most {MaxBytes ?? DefaultBytes} bytes are allowed.");
}

/// <summary>Sets the limits of bodies.</summary>
public static class BodyLimits
{
    /// <summary>Limits the bodies of these endpoints; null lifts the limit, for streamed bodies.</summary>
    public static TBuilder WithBodyLimit<TBuilder>(this TBuilder builder, long? maxBytes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new BodyLimit(maxBytes));
}
