using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orchestrator.ServiceDefaults.Doors;

/// <summary>Says which door serves an endpoint.</summary>
public static class DoorEndpoints
{
    /// <summary>A group of endpoints that one door serves; on the others they don't exist (404).</summary>
    public static RouteGroupBuilder MapDoor(this IEndpointRouteBuilder endpoints, Door door) =>
        endpoints.MapGroup("").OnDoor(door);

    /// <summary>Lets one door only serve these endpoints.</summary>
    public static TBuilder OnDoor<TBuilder>(this TBuilder builder, Door door)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new DoorMetadata(door));

    /// <summary>The door that a call came through; null outside a listener of ours.</summary>
    public static Door? GetDoor(this HttpContext context) => context.Features.Get<DoorFeature>()?.Door;

    /// <summary>The door that serves an endpoint; null when all of them do.</summary>
    public static Door? GetDoor(this EndpointMetadataCollection metadata) => metadata.GetMetadata<DoorMetadata>()?.Door;
}
