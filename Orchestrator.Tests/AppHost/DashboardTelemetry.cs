using System.Text.Json.Nodes;
using Aspire.Hosting.Testing;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What Aspire's dashboard has received, asked of its own API.</summary>
internal static class DashboardTelemetry
{
    /// <summary>The key of the dashboard's API, as the AppHost's argument.</summary>
    public const string Key = "a-key-for-tests-of-the-dashboard";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The spans of a trace: service, name and parent by id.</summary>
    public static async Task<Dictionary<string, (string Service, string Name, string? Parent)>> SpansAsync(this AspireApp app, string trace) =>
        Items(await AskAsync(app, $"/api/telemetry/traces/{trace}"), "resourceSpans", "scopeSpans", "spans").ToDictionary(
            span => span.Item.Text("spanId"), span => (span.Service, span.Item.Text("name"), span.Item["parentSpanId"]?.GetValue<string>()));

    /// <summary>The log records of a trace.</summary>
    public static async Task<IReadOnlyList<JsonNode>> LogsAsync(this AspireApp app, string trace) =>
        [.. Items(await AskAsync(app, $"/api/telemetry/logs?traceId={trace}"), "resourceLogs", "scopeLogs", "logRecords").Select(record => record.Item)];

    private static async Task<JsonNode?> AskAsync(AspireApp app, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri((await app.App.GetDashboardUrlAsync(Stop)).GetLeftPart(UriPartial.Authority)) };
        client.DefaultRequestHeaders.Add("x-api-key", Key);
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
        Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == System.Net.HttpStatusCode.NotFound, $"The dashboard answers {(int)answer.StatusCode} to {path}.");
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop)) : null;
    }

    private static IEnumerable<(string Service, JsonNode Item)> Items(JsonNode? answer, string resources, string scopes, string items) =>
        from resource in answer?["data"]?[resources]?.AsArray() ?? []
        let service = resource!["resource"]!["attributes"]!.AsArray().First(one => one!.Text("key") == "service.name")!["value"]!.Text("stringValue")
        from scope in resource[scopes]!.AsArray()
        from item in scope![items]!.AsArray()
        select (service, item);
}
