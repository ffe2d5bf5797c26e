using Microsoft.Extensions.Options;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What changes with Security:ApiKeys.</summary>
public sealed class KeyTests
{
    private const string First = "first-key-of-the-operator";
    private const string Second = "second-key-of-the-operator";
    private const string Loopback = "--Security:Listen=loopback";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithKeysSet_NeedsOneOnEveryListener()
    {
        await using var api = await ApiHost.StartAsync($"--Security:ApiKeys:0={First}", $"--Security:ApiKeys:1={Second}", Loopback);

        foreach (var key in (string[])[First, Second])
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
    [InlineData("first-key-of-the-operato")]
    [InlineData("first-key-of-the-operator2")]
    [InlineData("FIRST-KEY-OF-THE-OPERATOR")]
    [InlineData(First + "," + Second)]
    public async Task Call_WrongKey_Refuses(string key)
    {
        await using var api = await ApiHost.StartAsync($"--Security:ApiKeys:0={First}", $"--Security:ApiKeys:1={Second}", Loopback);

        using var response = await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("X-Api-Key", key));

        Assert.NotEmpty(response.Headers.WwwAuthenticate);
        await Task.FromResult(response).FailsAsync(401, "API_KEY_INVALID");
        await api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("X-Api-Key", Second)).JsonAsync(200);
    }

    // In base64url: the second key, an unknown one, what is no base64url, nothing.
    [Theory]
    [InlineData("orchestrator.terminal, orchestrator.key.c2Vjb25kLWtleS1vZi10aGUtb3BlcmF0b3I", null)]
    [InlineData("orchestrator.key.c2Vjb25kLWtleS1vZi10aGUtb3BlcmF0b3I", null)]
    [InlineData("orchestrator.key.YS1rZXktdGhhdC1pcy1ub3Qta25vd24", "API_KEY_INVALID")]
    [InlineData("orchestrator.key.***", "API_KEY_INVALID")]
    [InlineData("orchestrator.key.", "API_KEY_INVALID")]
    [InlineData("orchestrator.terminal", "API_KEY_REQUIRED")]
    public async Task Socket_ThatOffersAKeyAsSubProtocol_IsAdmittedByIt(string protocols, string? error)
    {
        await using var api = await ApiHost.StartAsync($"--Security:ApiKeys:0={First}", $"--Security:ApiKeys:1={Second}", Loopback);

        var call = api.Sessions.SendAsync(HttpMethod.Get, "/api/runner/nobodys/terminal", null, ("Sec-WebSocket-Protocol", protocols));

        if (error is null)
        {
            // Past the door it is told to be a WebSocket.
            await call.FailsAsync(426, "WEBSOCKET_REQUIRED");
        }
        else
        {
            await call.FailsAsync(401, error);
        }
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
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", Loopback);

        using var response = await api.Client(listener).SendAsync(new HttpMethod(verb), path);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Metrics_AnonymousMetrics_NeedNoKey()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", "--Security:AnonymousMetrics=true", Loopback);

        using var response = await api.Sessions.GetAsync("/metrics", Cancel);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Call_WithAKey_MayComeFromAnywhere()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", Loopback);

        await api.Sessions.PostAsync("/api/runner/provision", null,
            ("X-Api-Key", "a-key-of-the-operator"), ("Host", "api.example.com"), ("X-Forwarded-For", "1.2.3.4"), ("Origin", "https://app.example.com")).JsonAsync(201);
        // But no link of another site makes a machine.
        await api.Machines.SendAsync(HttpMethod.Get, "/project-1", null, ("X-Api-Key", "a-key-of-the-operator"), ("Sec-Fetch-Site", "cross-site")).JsonAsync(403);
    }

    [Theory]
    [InlineData("k,Str0ng", "a key has a comma. Give each key an entry of its own: Security__ApiKeys__0, Security__ApiKeys__1, …")]
    [InlineData(First + "," + Second, "a key has a comma. Give each key an entry of its own: Security__ApiKeys__0, Security__ApiKeys__1, …")]
    [InlineData("k", "keys must have 20 to 1024 characters; one has 1.")]
    [InlineData("nineteen-characters", "keys must have 20 to 1024 characters; one has 19.")]
    [InlineData("twenty characters it has", "keys must be printable ASCII without spaces.")]
    public async Task Start_UnfitKey_SaysWhyAndNotWhich(string key, string why)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ApiHost.StartAsync($"--Security:ApiKeys={key}", Loopback));
        var second = await Assert.ThrowsAsync<OptionsValidationException>(() => ApiHost.StartAsync($"--Security:ApiKeys:0={First}", $"--Security:ApiKeys:1={key}", Loopback));

        Assert.Equal(($"Security:ApiKeys: {why}", $"Security:ApiKeys: {why}"), (refused.Message, second.Message));
    }

    [Fact]
    public async Task Start_WithKeys_ListensOnAnyAddress()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator");

        Assert.True(await Listeners.AcceptsAsync(Listeners.OwnAddress, api.PortOf(Listener.Sessions)));
        Assert.True(await Listeners.AcceptsAsync(Listeners.OwnAddress, api.PortOf(Listener.Machines)));
    }
}
