using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Orchestrator.Client;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>The calls that these tests make again and again, and what they read from the answers.</summary>
internal static class LiveCalls
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Provisions, and expects that status.</summary>
    public static Task<JsonNode> ProvisionAsync(this ApiServer server, string session, int status = 201) =>
        server.Sessions.PostAsync("/api/runner/provision", $$"""{"sessionId":"{{session}}"}""").JsonAsync(status);

    /// <summary>Sends a heartbeat and tells the answer's status.</summary>
    public static async Task<int> HeartbeatAsync(this ApiServer server, string session)
    {
        using var answer = await server.Sessions.PostAsync("/api/runner/heartbeat", null, ("X-Session-Id", session));
        return (int)answer.StatusCode;
    }

    /// <summary>Deprovisions and tells the answer's status.</summary>
    public static async Task<int> DeprovisionAsync(this ApiServer server, string session)
    {
        using var answer = await server.Sessions.PostAsync("/api/runner/deprovision", null, ("X-Session-Id", session));
        return (int)answer.StatusCode;
    }

    /// <summary>Runs a shell command in a session's runner.</summary>
    public static Task<JsonNode> ExecAsync(this ApiServer server, string session, string script) =>
        server.Sessions.PostAsync(
            $"/api/runner/{session}/exec", new JsonObject { ["command"] = new JsonArray("sh", "-c", script) }.ToJsonString()).JsonAsync(200);

    /// <summary>Every runner in <c>GET /api/runner</c>.</summary>
    public static Task<IReadOnlyList<RunnerEntry>> RunnersAsync(this ApiServer server) => server.Client.Sessions.ListAsync(Cancel);

    /// <summary>The leased runner of a session; null when it has none.</summary>
    public static async Task<RunnerEntry?> FindAsync(this ApiServer server, string session) =>
        (await server.RunnersAsync()).SingleOrDefault(runner => runner.Owner?.Id == session && runner.State == "leased");

    /// <summary>Waits until the engine runs exactly one container for every lease, and nothing else of ours.</summary>
    public static async Task SettlesAsync(this ApiServer server, TimeSpan limit)
    {
        var seen = "";
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                var runners = await server.RunnersAsync();
                var containers = await server.Containers.IdsAsync();
                seen = $"runners {string.Join(", ", runners)}; containers {string.Join(", ", containers)}";
                return runners.All(runner => runner.State == "leased")
                    && runners.Select(runner => runner.ContainerId).Order(StringComparer.Ordinal).SequenceEqual(containers);
            }, limit, "One container for every lease and no other");
        }
        catch (Xunit.Sdk.XunitException error)
        {
            Assert.Fail($"{error.Message} Last seen: {seen}");
        }
    }

    /// <summary>Looks at an endpoint as a client of the runner does: it answers HTTP.</summary>
    public static async Task AnswersHttpAsync(string endpoint)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var answer = await client.GetAsync(new Uri($"{endpoint}/healthz"), Cancel);
        Assert.Equal(200, (int)answer.StatusCode);
    }

    /// <summary>The session that a container's label tells; null for a machine's.</summary>
    public static string? Session(this ContainerListResponse container) =>
        container.Labels.TryGetValue(DockerLabels.Session, out var session) ? session : null;
}
