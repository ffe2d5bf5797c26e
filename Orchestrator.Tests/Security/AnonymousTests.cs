using System.Net;
using System.Text;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What holds without keys.</summary>
public sealed class AnonymousTests : IAsyncLifetime
{
    private const string Provision = "/api/runner/provision";

    private static readonly (Listener Listener, string Verb, string Path)[] Changes =
    [
        (Listener.Sessions, "POST", Provision), (Listener.Sessions, "POST", "/api/runner/s1/exec"), (Listener.Sessions, "POST", "/task"),
        (Listener.Sessions, "DELETE", "/tasks/t1"), (Listener.Machines, "GET", "/project-1"), (Listener.Machines, "DELETE", "/project-1"),
        (Listener.Machines, "POST", "/destroy"), (Listener.Pod, "POST", "/submission/1"), (Listener.Pod, "POST", "/task/t1"),
    ];

    private ApiHost _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiHost.StartAsync(
        "--AllowedHosts=orchestrator.example;*.internal.example", "--Cors:AllowedOrigins=https://app.example.com");

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Start_WithoutKeys_ListensOnLoopbackOnly()
    {
        Assert.True(await Listeners.AcceptsAsync(IPAddress.Loopback, _api.PortOf(Listener.Sessions)));
        foreach (var listener in Enum.GetValues<Listener>())
        {
            Assert.False(await Listeners.AcceptsAsync(Listeners.OwnAddress, _api.PortOf(listener)));
        }
    }

    [Fact]
    public async Task Start_FixedPort_ListensOnBothLoopbacks()
    {
        var port = Listeners.FreePort();
        await using var api = await ApiHost.StartAsync($"--PORT={port}");

        Assert.True(await Listeners.AcceptsAsync(IPAddress.Loopback, port));
        Assert.Equal(HasIPv6Loopback(), await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, port));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:9999")]
    [InlineData("app.localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10:80")]
    [InlineData("[::1]")]
    [InlineData("[::1]:3001")]
    [InlineData("orchestrator.example")]
    [InlineData("a.b.internal.example:443")]
    public async Task Host_MeansThisMachineOrIsAllowed_IsAnswered(string host) =>
        await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("Host", host)).JsonAsync(200);

    [Fact]
    public async Task Host_MachinesOwnName_IsAnswered() =>
        await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("Host", Environment.MachineName)).JsonAsync(200);

    [Theory]
    [InlineData("GET /alive HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /alive HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET /alive HTTP/1.0\r\nHost:\r\n\r\n", 403)]
    [InlineData("GET /alive HTTP/1.1\r\n\r\n", 400)]
    public async Task Host_NotNamed_IsAnsweredInHttp10Only(string request, int status)
    {
        foreach (var listener in Enum.GetValues<Listener>())
        {
            Assert.Equal(status, await RawConnection.SendAsync(_api.PortOf(listener), Encoding.ASCII.GetBytes(request)));
        }
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("evillocalhost")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("internal.example")]
    [InlineData("evilinternal.example")]
    [InlineData("10.0.0.1")]
    [InlineData("[2001:db8::1]")]
    [InlineData("128.0.0.1")]
    public async Task Host_AnotherName_RefusedOnEveryListener(string host)
    {
        foreach (var listener in Enum.GetValues<Listener>())
        {
            await _api.Client(listener).SendAsync(HttpMethod.Get, "/alive", null, ("Host", host)).FailsAsync(403, "HOST_NOT_ALLOWED");
        }

        await _api.Sessions.PostAsync(Provision, null, ("Host", host)).FailsAsync(403, "HOST_NOT_ALLOWED");

        Assert.Equal(0, _api.Engine.Started);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-host")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("X-Forwarded-Anything")]
    [InlineData("Forwarded")]
    [InlineData("X-Real-IP")]
    [InlineData("Via")]
    [InlineData("CF-Connecting-IP")]
    [InlineData("X-Original-Host")]
    public async Task Call_ForwardingHeader_Refused(string header)
    {
        await _api.Sessions.PostAsync(Provision, null, (header, "for=127.0.0.1")).FailsAsync(403, "FORWARDED_NOT_ALLOWED");
        await _api.Machines.SendAsync(HttpMethod.Get, "/project-1", null, (header, "127.0.0.1")).FailsAsync(403, "FORWARDED_NOT_ALLOWED");

        Assert.Equal(0, _api.Engine.Started);
    }

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("http://localhost:4200")]
    [InlineData("https://app.localhost:8443")]
    [InlineData("http://127.0.0.1:5500")]
    [InlineData("http://[::1]:5500")]
    public async Task Origin_Loopback_MayReadAndChangeWithThePagesSecret(string origin)
    {
        using var read = await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("Origin", origin));
        Assert.Equal(origin, read.Headers.GetValues("Access-Control-Allow-Origin").Single());

        foreach (var (listener, verb, path) in Changes)
        {
            await _api.Client(listener).SendAsync(new HttpMethod(verb), path, "{}", ("Origin", origin)).FailsAsync(403, "PAGE_SECRET_REQUIRED");
            await _api.Client(listener).SendAsync(new HttpMethod(verb), path, "{}", ("Origin", origin), (PageSecret.Header, new string('0', 64)))
                .FailsAsync(403, "PAGE_SECRET_REQUIRED");
        }

        using var changed = await _api.Sessions.PostAsync(Provision, null, ("Origin", origin), (PageSecret.Header, $"another,{_api.Get<PageSecret>().Value}"));
        Assert.Equal(201, (int)changed.StatusCode);
        Assert.Equal(origin, changed.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Origin_Listed_MayChangeAndRead()
    {
        using var response = await _api.Sessions.PostAsync(Provision, null, ("Origin", "https://app.example.com"));

        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal("https://app.example.com", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Origin_TheListenersOwn_NeedsThePagesSecretToo()
    {
        var origin = _api.Sessions.BaseAddress!.GetLeftPart(UriPartial.Authority);

        await _api.Sessions.PostAsync(Provision, null, ("Origin", origin)).FailsAsync(403, "PAGE_SECRET_REQUIRED");
        await _api.Sessions.PostAsync(Provision, null, ("Origin", origin), (PageSecret.Header, _api.Get<PageSecret>().Value)).JsonAsync(201);
    }

    [Fact]
    public async Task Origin_OnARunnersPort_IsNoneOfOurs()
    {
        var endpoint = (await _api.Sessions.PostAsync(Provision, null).JsonAsync(201)).Text("endpoint");

        foreach (var origin in (string[])[endpoint, endpoint.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), endpoint.Replace("localhost", "[::1]", StringComparison.Ordinal), endpoint.Replace("http:", "https:", StringComparison.Ordinal)])
        {
            using var read = await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("Origin", origin));
            Assert.False(read.Headers.Contains("Access-Control-Allow-Origin"), origin);
            await _api.Sessions.PostAsync(Provision, null, ("Origin", origin), (PageSecret.Header, _api.Get<PageSecret>().Value)).FailsAsync(403, "ORIGIN_NOT_ALLOWED");
            await _api.Machines.PostAsync("/destroy", "{}", ("Origin", origin)).FailsAsync(403, "ORIGIN_NOT_ALLOWED");
        }

        Assert.Equal(1, _api.Engine.Started);
    }

    [Theory]
    [InlineData("same-site", 403)]
    [InlineData("same-origin", 200)]
    [InlineData("cross-site", 403)]
    [InlineData("none", 200)]
    [InlineData(null, 200)]
    public async Task Machine_GetByABrowser_IsAssignedToItsUserOnly(string? site, int status)
    {
        using var response = await _api.Machines.SendAsync(HttpMethod.Get, "/project-1", null, site is null ? [] : [("Sec-Fetch-Site", site)]);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("http://localhost:4200")]
    [InlineData("https://app.example.com")]
    public async Task Page_WithItsSecret_IsSharedWithNoOtherOrigin(string origin)
    {
        using var response = await _api.Sessions.SendAsync(HttpMethod.Get, "/", null, ("Origin", origin));

        Assert.Contains(_api.Get<PageSecret>().Value, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(("no-store", "same-origin"), ($"{response.Headers.CacheControl}", response.Headers.GetValues("Cross-Origin-Resource-Policy").Single()));
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost.evil.example")]
    [InlineData("https://app.example.com.evil.example")]
    [InlineData("http://app.example.com")]
    [InlineData("https://app.example.com:8443")]
    [InlineData("file://")]
    [InlineData("http://localhost@evil.example")]
    public async Task Origin_AnotherOne_MayNotChangeAnything(string origin)
    {
        foreach (var path in (string[])[Provision, "/api/runner/deprovision", "/api/runner/heartbeat", "/api/runner/s1/exec"])
        {
            await _api.Sessions.PostAsync(path, """{"sessionId":"s1"}""", ("Origin", origin)).FailsAsync(403, "ORIGIN_NOT_ALLOWED");
        }

        await _api.Machines.PostAsync("/destroy", "{}", ("Origin", origin)).FailsAsync(403, "ORIGIN_NOT_ALLOWED");
        await _api.Machines.SendAsync(HttpMethod.Delete, "/project-1", null, ("Origin", origin)).FailsAsync(403, "ORIGIN_NOT_ALLOWED");

        using var read = await _api.Sessions.SendAsync(HttpMethod.Get, "/api/runner", null, ("Origin", origin));
        Assert.False(read.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(0, _api.Engine.Started);
    }

    [Fact]
    public async Task Post_CrossSiteWithoutAnOrigin_Refused() =>
        await _api.Sessions.PostAsync(Provision, null, ("Sec-Fetch-Site", "cross-site")).FailsAsync(403, "ORIGIN_NOT_ALLOWED");

    [Theory]
    [InlineData("http://localhost:4200", true)]
    [InlineData("https://app.example.com", true)]
    [InlineData("https://evil.example", false)]
    public async Task Preflight_ByOrigin_IsAnsweredOrNot(string origin, bool allowed)
    {
        using var response = await _api.Sessions.SendAsync(HttpMethod.Options, Provision, null,
            ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,x-session-id,x-api-key"));

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Equal(allowed, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) && origins.Single() == origin);
        Assert.Equal(allowed, response.Headers.Contains("Access-Control-Allow-Headers"));
    }

    private static bool HasIPv6Loopback()
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(IPAddress.IPv6Loopback, 0);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
