using Orchestrator.ServiceDefaults.Doors;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.Health;

/// <summary>The health check of docs/contract/worker-machines.md, on this process's own doors.</summary>
internal static class HealthEndpoints
{
    public static void MapEngineHealth(this IEndpointRouteBuilder endpoints)
    {
        foreach (var door in (Door[])[Door.Machines, Door.Sessions])
        {
            var group = endpoints.MapDoor(door).WithTags("Health").AllowAnonymous();
            group.MapMethods("/health", Verbs.Head, EngineHealth.GetAsync).ExcludeFromDescription();
            group.MapGet("/health", EngineHealth.GetAsync)
                .WithName($"GetHealthOn{door}")
                .WithSummary("Get the health of the engine, and how many machines there are")
                .Answers<HealthResponse>(200, """{"status":"ok","docker":"connected","machines":{"total":2,"idle":1,"used":1}}""")
                .Answers<HealthResponse>(503, """{"status":"error","docker":"disconnected","error":"Docker connection failed"}""");
        }
    }
}
