using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>Assigns endpoints to listeners.</summary>
public static class ListenerEndpoints
{
    /// <summary>A group of endpoints that one listener serves; on the others they don't exist (404).</summary>
    public static RouteGroupBuilder MapListener(this IEndpointRouteBuilder endpoints, Listener listener) =>
        endpoints.MapGroup("").OnListener(listener);

    /// <summary>Restricts these endpoints to one listener.</summary>
    public static TBuilder OnListener<TBuilder>(this TBuilder builder, Listener listener)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ListenerMetadata(listener));

    /// <summary>The listener that a call came through; null outside a listener of ours.</summary>
    public static Listener? GetListener(this HttpContext context) => context.Features.Get<ListenerFeature>()?.Listener;

    /// <summary>The listener that serves an endpoint; null when all of them do.</summary>
    public static Listener? GetListener(this EndpointMetadataCollection metadata) => metadata.GetMetadata<ListenerMetadata>()?.Listener;
}
