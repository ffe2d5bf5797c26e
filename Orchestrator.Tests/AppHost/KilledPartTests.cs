using System.Globalization;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What the services lean on, killed under them: a composition of its own.</summary>
public sealed class KilledPartTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_RedisPrometheusAndDashboard_LeavesServicesServingAndIsTold()
    {
        await using var run = await LauncherRun.StartAsync(
            $"--Runners:Instance=killed-{Guid.NewGuid():N}"[..30], "--Runners:MinIdle=0", "--Machines:MinIdle=0", "--Redis:CallTimeoutSeconds=1");
        _ = run.AddressOf("dashboard");
        using var api = run.Client("api");
        using var worker = run.Client("worker-1");
        var dropped = await DroppedAsync(api);

        await run.KillAsync("dashboard run");
        await run.KillAsync("--storage.tsdb.path");
        await run.KillAsync("-server ");

        foreach (var part in (string[])["dashboard", "prometheus", "redis"])
        {
            await run.SaysAsync($"{part} ended with 137; it is not started again", Limit);
        }
        // What needs the store says so, and waits for it without an end.
        await api.PostAsync("/api/runner/provision", """{"sessionId":"alone"}""").FailsAsync(503, "STORE_UNAVAILABLE");
        await api.PostAsync("/task", """{"type":"add","input":{"a":1,"b":2}}""").FailsAsync(503, "STORE_UNAVAILABLE");
        await Eventually.TrueAsync(async () => await DroppedAsync(api) > dropped, Limit, "The loss of telemetry");
        foreach (var service in (HttpClient[])[api, worker])
        {
            Assert.Equal("alive", await service.GetStringAsync("/alive", Stop));
        }

        Assert.DoesNotContain(run.Lines, line => line.Contains("api ended", StringComparison.Ordinal) || line.Contains("worker-1 ended", StringComparison.Ordinal));

        var (code, left) = await run.StopAsync();

        // Told to be no clean run, and nothing is left of it.
        Assert.Equal(1, code);
        Assert.Empty(left);
    }

    private static async Task<double> DroppedAsync(HttpClient client) =>
        (await client.GetStringAsync("/metrics", Stop)).Split('\n')
            .Where(line => line.StartsWith("orchestrator_telemetry_dropped_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
}
