using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>
/// Splits the routes by listener before they are split by verb, so that a path of another listener is 404 and not 405.
/// </summary>
internal sealed class ListenerMatcherPolicy : MatcherPolicy, INodeBuilderPolicy
{
    // Before HttpMethodMatcherPolicy (-1000).
    public override int Order => -2000;

    private static readonly Listener[] Listeners = Enum.GetValues<Listener>();

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetListener() is not null);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints)
    {
        var edges = new List<PolicyNodeEdge>(Listeners.Length);
        foreach (var listener in Listeners)
        {
            var served = endpoints.Where(endpoint => (endpoint.Metadata.GetListener() ?? listener) == listener).ToList();
            if (served.Count > 0)
            {
                edges.Add(new PolicyNodeEdge(listener, served));
            }
        }

        return edges;
    }

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges)
    {
        var destinations = new int[Listeners.Length];
        Array.Fill(destinations, exitDestination);
        foreach (var edge in edges)
        {
            destinations[(int)(Listener)edge.State] = edge.Destination;
        }

        return new JumpTable(exitDestination, destinations);
    }

    private sealed class JumpTable(int exit, int[] destinations) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) =>
            httpContext.GetListener() is { } listener ? destinations[(int)listener] : exit;
    }
}
