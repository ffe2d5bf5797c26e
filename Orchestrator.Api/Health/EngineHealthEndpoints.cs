using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.Health;

/// <summary>The health check of docs/contract/worker-machines.md, on this process's listeners.</summary>
internal static class EngineHealthEndpoints
{
    public static void MapEngineHealth(this IEndpointRouteBuilder endpoints)
    {
        foreach (var listener in (Listener[])[Listener.Machines, Listener.Sessions])
        {
            var group = endpoints.MapListener(listener).WithTags("Health").AllowAnonymous();
            group.MapMethods("/health", Verbs.Head, EngineHealth.GetAsync).ExcludeFromDescription();
            group.MapGet("/health", EngineHealth.GetAsync)
                .WithName($"GetHealthOn{listener}")
                .WithSummary("Get the health of the engine and the number of machines")
                .Answers<HealthResponse>(200, """{"status":"ok","docker":"connected","machines":{"total":2,"idle":1,"used":1}}""")
                .Answers<HealthResponse>(503, """{"status":"error","docker":"disconnected","error":"Docker connection failed"}""");
        }
    }
}
