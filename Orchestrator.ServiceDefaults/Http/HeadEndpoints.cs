using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Maps what balancers look at: many of them probe with HEAD.</summary>
public static class HeadEndpoints
{
    private static readonly string[] Head = [HttpMethods.Head];

    /// <summary>
    /// Maps a GET, and HEAD as the same without a body, which the server leaves out by itself. Only for what changes
    /// nothing. The API's document shows the GET alone.
    /// </summary>
    /// <returns>The GET, to be described.</returns>
    public static RouteHandlerBuilder MapGetAndHead(this IEndpointRouteBuilder endpoints, string pattern, Delegate handler)
    {
        endpoints.MapMethods(pattern, Head, handler).ExcludeFromDescription();
        return endpoints.MapGet(pattern, handler);
    }
}
