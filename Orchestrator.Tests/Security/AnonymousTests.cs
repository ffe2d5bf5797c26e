using System.Net;
using System.Text;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What holds without keys.</summary>
public sealed class AnonymousTests : IAsyncLifetime
{
    private const string Provision = "/api/runner/provision";
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
    [InlineData("https://app.example.com")]
    public async Task Origin_LoopbackOrAllowed_MayChangeAndRead(string origin)
    {
        using var response = await _api.Sessions.PostAsync(Provision, null, ("Origin", origin));

        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal(origin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());
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
