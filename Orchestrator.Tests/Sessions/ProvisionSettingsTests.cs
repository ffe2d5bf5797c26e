using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>What settings change about provisioning.</summary>
public sealed class ProvisionSettingsTests
{
    private const string Provision = "/api/runner/provision";

    [Theory]
    [InlineData("runners.example.com", "^http://runners\\.example\\.com:[0-9]+$")]
    [InlineData("https://runners.example.com", "^https://runners\\.example\\.com:[0-9]+$")]
    [InlineData("http://10.0.0.5/", "^http://10\\.0\\.0\\.5:[0-9]+$")]
    [InlineData("::1", "^http://\\[::1\\]:[0-9]+$")]
    public async Task Provision_RunnersHost_IsTheEndpointsHost(string host, string pattern)
    {
        await using var api = await ApiHost.StartAsync($"--RUNNERS_HOST={host}");

        var answer = await api.Sessions.PostAsync(Provision, null).JsonAsync(201);

        Assert.Matches(pattern, answer.Text("endpoint"));
    }

    [Theory]
    [InlineData("--environment=Production")]
    [InlineData("--NODE_ENV=production")]
    public async Task Provision_FailureInProduction_KeepsTheDetails(string setting)
    {
        await using var api = await ApiHost.StartAsync(setting);
        api.Engine.Before = call => call == "start" ? throw new InvalidOperationException("the daemon sneezed") : Task.CompletedTask;

        var answer = await api.Sessions.PostAsync(Provision, null).FailsAsync(500, "SERVER_ERROR");

        Assert.Null(answer["details"]);
    }

    [Fact]
    public async Task Provision_CapacityExhausted_SaysWhenToTryAgain()
    {
        await using var api = await ApiHost.StartAsync("--MAX_CONCURRENT_RUNNERS=1", "--PROVISION_WAIT_SECONDS=0.2");
        await api.Sessions.PostAsync(Provision, null).JsonAsync(201);

        using var response = await api.Sessions.PostAsync(Provision, null);

        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await Task.FromResult(response).FailsAsync(503, "CAPACITY_EXHAUSTED");
    }

    [Fact]
    public async Task Provision_WarmPool_HandsOutARunnerThatRuns()
    {
        await using var api = await ApiHost.StartAsync("--Runners:MinIdle=2");
        await Eventually.TrueAsync(async () =>
            (await api.Sessions.GetAsync("/api/runner").JsonAsync(200))["runners"]!.AsArray().Count(runner => runner!.Text("state") == "idle") == 2);
        var warm = api.Engine.Runners.Select(runner => runner.RunnerId).ToHashSet();

        var answer = await api.Sessions.PostAsync(Provision, null).JsonAsync(201);

        Assert.Contains(answer.Text("runnerId"), warm);
    }

    [Fact]
    public async Task Provision_Warm_IsAnsweredInOnePieceAndSetsARefillAndTheNewNameGoing()
    {
        // No look of the reconciler's makes either good.
        await using var api = await ApiHost.StartAsync("--Runners:MinIdle=2", "--Runners:ReconcileIntervalSeconds=300");
        await Eventually.TrueAsync(async () =>
            (await api.Sessions.GetAsync("/api/runner").JsonAsync(200))["runners"]!.AsArray().Count(runner => runner!.Text("state") == "idle") == 2);

        using var response = await api.Sessions.PostAsync(Provision, null);

        Assert.NotNull(response.Content.Headers.ContentLength);
        Assert.NotEqual(true, response.Headers.TransferEncodingChunked);
        var answer = await Task.FromResult(response).JsonAsync(201);
        await Eventually.TrueAsync(() => api.Engine.Runners.Count == 3, what: "The refill");
        await Eventually.TrueAsync(
            () => api.Engine.Runners.Any(runner => runner.RunnerId == answer.Text("runnerId") && runner.Owner?.Id == answer.Text("sessionId")),
            what: "The new name");
    }
}
