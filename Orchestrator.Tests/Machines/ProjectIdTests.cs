using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Machines;

/// <summary>What is a project on the machines listener, and what never is.</summary>
public sealed class ProjectIdTests : IAsyncLifetime
{
    private static readonly string[] Reserved =
    [
        "destroy", "machines", "health", "healthz", "alive", "ready", "metrics", "api", "openapi", "task", "tasks", "add", "audit",
        "submission", "whoami", "valkey_test",
    ];

    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PURGE"];

    // What these paths are for; every other pair is no call at all.
    private static readonly HashSet<(string, string)> Calls =
    [
        ("POST", "destroy"), ("GET", "health"), ("HEAD", "health"), ("GET", "alive"), ("HEAD", "alive"), ("GET", "ready"), ("HEAD", "ready"),
        ("GET", "metrics"), ("HEAD", "metrics"),
    ];

    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task ReservedWord_EveryVerb_IsNeverAProject()
    {
        foreach (var verb in Verbs)
        {
            foreach (var word in Reserved)
            {
                foreach (var path in (string[])[$"/{word}", $"/{word}/", $"/{word.ToUpperInvariant()}", $"/%{(int)word[0]:x2}{word[1..]}"])
                {
                    using var response = await _host.Machines.SendAsync(new HttpMethod(verb), path);
                    var status = (int)response.StatusCode;

                    if (!Calls.Contains((verb, word)))
                    {
                        Assert.True(status is 404 or 405, $"{verb} {path}: {status}");
                    }

                    if (status == 405)
                    {
                        Assert.NotEmpty(response.Content.Headers.Allow);
                    }
                }
            }
        }

        Assert.Equal(0, _host.Engine.Started);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task Project_AnotherVerb_NotAllowed(string verb)
    {
        using var response = await _host.Machines.SendAsync(new HttpMethod(verb), "/project-1");

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Equal(["DELETE", "GET"], response.Content.Headers.Allow.Order());
        Assert.Equal(0, _host.Engine.Started);
    }

    [Theory]
    [InlineData("favicon.ico")]
    [InlineData("has%20space")]
    [InlineData("a%2Fb")]
    [InlineData("a%5Cb")]
    [InlineData("%C3%BC")]
    [InlineData("a%0D%0Ab")]
    [InlineData("a+b")]
    [InlineData("a;b")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Project_WrongShape_Refuses(string id)
    {
        await _host.Machines.SendAsync(HttpMethod.Get, $"/{id}").FailsAsync(400, "PROJECT_ID_INVALID");
        await _host.Machines.SendAsync(HttpMethod.Delete, $"/{id}").FailsAsync(400, "PROJECT_ID_INVALID");

        Assert.Equal(0, _host.Engine.Started);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("-_A9")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("destroyer")]
    [InlineData("health-1")]
    public async Task Project_RightShape_IsAssigned(string id) => await _host.Machines.SendAsync(HttpMethod.Get, $"/{id}").JsonAsync(200);

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Purpose", "prefetch")]
    [InlineData("Sec-Purpose", "prefetch;prerender")]
    [InlineData("Purpose", "prefetch")]
    public async Task Project_FromAnotherSiteOrAhead_Forbidden(string header, string value)
    {
        await _host.Machines.SendAsync(HttpMethod.Get, "/project-1", null, (header, value)).JsonAsync(403);

        Assert.Equal(0, _host.Engine.Started);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("same-origin")]
    public async Task Project_FromItsUser_IsAssigned(string site) =>
        await _host.Machines.SendAsync(HttpMethod.Get, "/project-1", null, ("Sec-Fetch-Site", site)).JsonAsync(200);

    [Fact]
    public async Task Project_FromAPageOnAnotherPort_Forbidden() =>
        await _host.Machines.SendAsync(HttpMethod.Get, "/project-1", null, ("Sec-Fetch-Site", "same-site")).FailsAsync(403, "ORIGIN_NOT_ALLOWED");

    [Fact]
    public async Task Project_ForeignOrigin_Forbidden()
    {
        await _host.Machines.SendAsync(HttpMethod.Get, "/project-1", null, ("Origin", "https://evil.example")).FailsAsync(403, "ORIGIN_NOT_ALLOWED");

        Assert.Equal(0, _host.Engine.Started);
    }
}
