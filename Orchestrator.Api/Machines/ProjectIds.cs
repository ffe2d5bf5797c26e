using System.Buffers;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Machines;

/// <summary>
/// Reserves the paths that have, or will have, another meaning: on the machines listener none of them is a project id,
/// with any verb.
/// </summary>
internal sealed class ProjectIds : IRouteConstraint
{
    /// <summary>The constraint's name in routes.</summary>
    public const string Constraint = "project";

    private const int MaxLength = 64;

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "destroy", "machines", "health", "healthz", "alive", "ready", "metrics", "api", "openapi", "task", "tasks", "add",
        "audit", "submission", "whoami", "valkey_test",
    };

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <inheritdoc />
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values[routeKey] is string segment && !Reserved.Contains(segment);

    /// <summary>Validates a project id.</summary>
    /// <exception cref="InvalidInputException">It is malformed.</exception>
    public static void Check(string id)
    {
        if (id.Length is 0 or > MaxLength || id.AsSpan().ContainsAnyExcept(Allowed))
        {
            throw new InvalidInputException("PROJECT_ID_INVALID", $"projectId must be 1 to {MaxLength} letters, digits, '_' or '-'.");
        }
    }
}
