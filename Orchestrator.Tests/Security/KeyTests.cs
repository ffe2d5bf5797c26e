using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What changes with Security:ApiKeys.</summary>
public sealed class KeyTests
{
    private const string Loopback = "--Security:Listen=loopback";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithKeysSet_NeedsOneOnEveryListener()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys:0=first-key", "--Security:ApiKeys:1=second-key", Loopback);

        foreach (var key in (string[])["first-key", "second-key"])
        {
            await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("X-Api-Key", key)).JsonAsync(200);
            await api.Machines.SendAsync(HttpMethod.Get, "/machines/list", null, ("X-Api-Key", key)).JsonAsync(200);
            using var pod = await api.Pod.SendAsync(HttpMethod.Get, "/", null, ("X-Api-Key", key));
            Assert.Equal(200, (int)pod.StatusCode);
        }

        await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Sessions.SendAsync(HttpMethod.Post, "/api/runner/provision").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Sessions.SendAsync(HttpMethod.Get, "/openapi/v1.json").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Sessions.SendAsync(HttpMethod.Get, "/nothing").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Machines.SendAsync(HttpMethod.Get, "/project-1").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Pod.SendAsync(HttpMethod.Get, "/").FailsAsync(401, "API_KEY_REQUIRED");
        Assert.Equal(0, api.Engine.Started);
    }

    [Theory]
    [InlineData("")]
    [InlineData("first-ke")]
    [InlineData("first-key2")]
    [InlineData("FIRST-KEY")]
    [InlineData("first-key,second-key")]
    public async Task Call_WrongKey_Refuses(string key)
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=first-key,second-key", Loopback);

        using var response = await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("X-Api-Key", key));

        Assert.NotEmpty(response.Headers.WwwAuthenticate);
        await Task.FromResult(response).FailsAsync(401, "API_KEY_INVALID");
        await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("X-Api-Key", "second-key")).JsonAsync(200);
    }

    [Theory]
    [InlineData(Listener.Sessions, "GET", "/alive", 200)]
    [InlineData(Listener.Machines, "GET", "/alive", 200)]
    [InlineData(Listener.Pod, "GET", "/alive", 200)]
    [InlineData(Listener.Pod, "GET", "/ready", 200)]
    [InlineData(Listener.Sessions, "GET", "/health", 200)]
    [InlineData(Listener.Machines, "GET", "/health", 200)]
    [InlineData(Listener.Pod, "POST", "/healthz", 200)]
    [InlineData(Listener.Sessions, "GET", "/metrics", 401)]
    [InlineData(Listener.Machines, "GET", "/metrics", 401)]
    [InlineData(Listener.Pod, "HEAD", "/healthz", 200)]
    [InlineData(Listener.Machines, "GET", "/alive/x", 401)]
    public async Task Probe_WithoutItsKey_IsAnsweredMetricsAreNot(Listener listener, string verb, string path, int status)
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=key", Loopback);

        using var response = await api.Client(listener).SendAsync(new HttpMethod(verb), path);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Metrics_AnonymousMetrics_NeedNoKey()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=key", "--Security:AnonymousMetrics=true", Loopback);

        using var response = await api.Sessions.GetAsync("/metrics", Cancel);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Call_WithAKey_MayComeFromAnywhere()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=key", Loopback);

        await api.Sessions.PostAsync("/api/runner/provision", null,
            ("X-Api-Key", "key"), ("Host", "api.example.com"), ("X-Forwarded-For", "1.2.3.4"), ("Origin", "https://app.example.com")).JsonAsync(201);
        // But no link of another site makes a machine.
        await api.Machines.SendAsync(HttpMethod.Get, "/project-1", null, ("X-Api-Key", "key"), ("Sec-Fetch-Site", "cross-site")).JsonAsync(403);
    }

    [Fact]
    public async Task Start_WithKeys_ListensOnAnyAddress()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=key");

        Assert.True(await Listeners.AcceptsAsync(Listeners.OwnAddress, api.PortOf(Listener.Sessions)));
        Assert.True(await Listeners.AcceptsAsync(Listeners.OwnAddress, api.PortOf(Listener.Machines)));
    }
}
