using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.Overview;

/// <summary>The call that the page polls.</summary>
internal static class OverviewEndpoints
{
    private const string Example = """
        {"now":"2026-01-01T00:00:00+00:00","instance":"api-1","version":"0.1.0","mode":"embedded",
        "health":{"engine":{"state":"up","kind":"docker","isolated":true},"store":{"state":"up","kind":"sqlite"},
        "queue":{"state":"up","kind":"sqlite"},"workers":{"state":"up"},"ledger":{"state":"up","kind":"sqlite"}},
        "pools":[{"template":"session","idle":2,"creating":0,"leased":1,"removing":0,"minIdle":2,"maxIdle":10,"maxLeased":null,"leaseSeconds":60}],
        "tasks":[{"type":"add","state":"complete","count":1}],
        "workers":[{"id":"api-1","slots":2,"busy":0,"working":true,"hashRate":0}],
        "mining":{"round":1,"targetDifficulty":1,"hashRate":0,"validShares":0,"invalidShares":0,"roundValidShares":0,"roundInvalidShares":0,
        "uniqueWorkers":0,"recentShares":[]},
        "links":{"prometheus":"http://localhost:9090","grafana":null,"dashboard":null}}
        """;

    public static void MapOverview(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapListener(Listener.Sessions).WithTags("Health").MapGet("/api/overview", GetAsync)
            .WithName("GetOverview")
            .WithSummary("Get the state of the whole system")
            .WithDescription("Always 200: a part that does not answer within three seconds is shown as down, and its figures are null.")
            .Answers<OverviewResponse>(200, Example);

    private static async Task<Ok<OverviewResponse>> GetAsync(OverviewReader reader, CancellationToken cancellationToken) =>
        TypedResults.Ok(await reader.ReadAsync(cancellationToken));
}
