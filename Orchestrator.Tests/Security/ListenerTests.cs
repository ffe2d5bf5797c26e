using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>Which listener serves what.</summary>
public sealed class ListenerTests : IAsyncLifetime
{
    private ApiHost _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("GET", "/alive", true, true, true)]
    [InlineData("GET", "/ready", true, true, true)]
    [InlineData("GET", "/metrics", true, true, true)]
    [InlineData("GET", "/health", true, true, false)]
    [InlineData("GET", "/openapi/v1.json", true, false, false)]
    [InlineData("POST", "/api/runner/provision", true, false, false)]
    [InlineData("GET", "/api/runner", true, false, false)]
    [InlineData("GET", "/machines/list", false, true, false)]
    [InlineData("GET", "/project-1", false, true, false)]
    [InlineData("GET", "/", true, false, true)]
    public async Task Path_OnEveryListener_IsServedByItsOwnOnly(string verb, string path, bool sessions, bool machines, bool pod)
    {
        foreach (var (listener, served) in new[] { (Listener.Sessions, sessions), (Listener.Machines, machines), (Listener.Pod, pod) })
        {
            // The Host header names another listener: it tells nothing.
            var other = listener == Listener.Sessions ? Listener.Machines : Listener.Sessions;
            using var response = await _api.Client(listener).SendAsync(new HttpMethod(verb), path, null, ("Host", $"localhost:{_api.PortOf(other)}"));

            if (served)
            {
                Assert.True((int)response.StatusCode is 200 or 201, $"{listener} {verb} {path}: {(int)response.StatusCode}");
            }
            else
            {
                await Task.FromResult(response).FailsAsync(404, "NOT_FOUND");
            }
        }
    }

    [Fact]
    public async Task Path_OfAnotherListenerWithAnotherVerb_NotFoundRatherThanNotAllowed()
    {
        await _api.Sessions.SendAsync(HttpMethod.Put, "/project-1").FailsAsync(404, "NOT_FOUND");
        await _api.Sessions.SendAsync(HttpMethod.Post, "/healthz").FailsAsync(404, "NOT_FOUND");
        await _api.Machines.SendAsync(HttpMethod.Get, "/api/runner/provision").FailsAsync(404, "NOT_FOUND");
        await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner/provision").FailsAsync(405, "METHOD_NOT_ALLOWED");
    }

    [Theory]
    [InlineData(Listener.Sessions, "/")]
    [InlineData(Listener.Sessions, "/health")]
    [InlineData(Listener.Machines, "/health")]
    [InlineData(Listener.Pod, "/")]
    [InlineData(Listener.Pod, "/healthz")]
    [InlineData(Listener.Machines, "/alive")]
    [InlineData(Listener.Machines, "/ready")]
    [InlineData(Listener.Machines, "/metrics")]
    public async Task Head_WhereABalancerLooks_IsGetWithoutABody(Listener listener, string path)
    {
        using var get = await _api.Client(listener).SendAsync(HttpMethod.Get, path);
        using var head = await _api.Client(listener).SendAsync(HttpMethod.Head, path);

        Assert.Equal((get.StatusCode, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Head_EngineStopped_SaysSoAndWhenToComeAgain()
    {
        _api.Engine.Stop();

        using var response = await _api.Machines.SendAsync(HttpMethod.Head, "/health");

        Assert.Equal(503, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("/project-1")]
    [InlineData("/index.html")]
    public async Task Head_OfAProject_AssignsNothing(string path)
    {
        using var response = await _api.Machines.SendAsync(HttpMethod.Head, path);

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Equal(["DELETE", "GET"], response.Content.Headers.Allow.Order());
        Assert.Equal(0, _api.Engine.Started);
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("POST", "/healthz")]
    public async Task Pod_ItsChecks_AnswerOk(string verb, string path)
    {
        using var response = await _api.Pod.SendAsync(new HttpMethod(verb), path);

        Assert.Equal("OK", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
    }
}
