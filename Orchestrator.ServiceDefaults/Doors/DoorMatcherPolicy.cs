using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Orchestrator.ServiceDefaults.Doors;

/// <summary>
/// Splits the routes by door before they are split by verb, so that a path of another door is 404 and not 405.
/// </summary>
internal sealed class DoorMatcherPolicy : MatcherPolicy, INodeBuilderPolicy
{
    // Before HttpMethodMatcherPolicy (-1000).
    public override int Order => -2000;

    private static readonly Door[] Doors = Enum.GetValues<Door>();

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetDoor() is not null);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints)
    {
        var edges = new List<PolicyNodeEdge>(Doors.Length);
        foreach (var door in Doors)
        {
            var served = endpoints.Where(endpoint => (endpoint.Metadata.GetDoor() ?? door) == door).ToList();
            if (served.Count > 0)
            {
                edges.Add(new PolicyNodeEdge(door, served));
            }
        }

        return edges;
    }

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges)
    {
        var destinations = new int[Doors.Length];
        Array.Fill(destinations, exitDestination);
        foreach (var edge in edges)
        {
            destinations[(int)(Door)edge.State] = edge.Destination;
        }

        return new JumpTable(exitDestination, destinations);
    }

    private sealed class JumpTable(int exit, int[] destinations) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) =>
            httpContext.GetDoor() is { } door ? destinations[(int)door] : exit;
    }
}
