using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>Authentication is ASP.NET Core's: another scheme is a registration, and an endpoint says itself that it is open.</summary>
public sealed class SchemeTests
{
    private static readonly string[] Keys = ["--Security:ApiKeys=a-key-of-the-operator", "--Security:Listen=loopback"];

    [Fact]
    public async Task Scheme_RegisteredBesideTheKeys_IsAccepted()
    {
        await using var app = await StartAsync(services => services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, Badge>("Badge", null));

        await app.Client.SendAsync(HttpMethod.Get, "/closed", null, ("X-Badge", "ours")).JsonAsync(200);
        await app.Client.SendAsync(HttpMethod.Get, "/closed", null, ("X-Api-Key", "a-key-of-the-operator")).JsonAsync(200);
        await app.Client.SendAsync(HttpMethod.Get, "/closed", null, ("X-Badge", "theirs")).FailsAsync(401, "API_KEY_REQUIRED");
        using var refused = await app.Client.SendAsync(HttpMethod.Get, "/closed");
        Assert.Equal(["ApiKey", "Badge"], refused.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme).Order());
    }

    [Fact]
    public async Task Endpoint_AllowsAnonymous_NeedsNoKey()
    {
        await using var app = await StartAsync();

        await app.Client.SendAsync(HttpMethod.Get, "/open").JsonAsync(200);
        await app.Client.SendAsync(HttpMethod.Get, "/open", null, ("X-Api-Key", "wrong")).JsonAsync(200);
        await app.Client.SendAsync(HttpMethod.Get, "/closed").FailsAsync(401, "API_KEY_REQUIRED");
    }

    [Fact]
    public async Task Preflight_WithKeysSet_NeedsNone()
    {
        await using var app = await StartAsync();

        using var response = await app.Client.SendAsync(HttpMethod.Options, "/closed", null,
            ("Origin", "http://localhost:4200"), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-api-key"));

        Assert.Equal(204, (int)response.StatusCode);
        Assert.True(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Start_WithKeysSet_KeepsNoKeyRing()
    {
        await using var app = await GuardedApp.StartAsync(Keys, _ => { }, services => Assert.DoesNotContain(
            services, service => service.ImplementationType?.Name.StartsWith("DataProtection", StringComparison.Ordinal) == true
                && service.ServiceType == typeof(Microsoft.Extensions.Hosting.IHostedService)));
    }

    private static Task<GuardedApp> StartAsync(Action<IServiceCollection>? add = null) => GuardedApp.StartAsync(
        Keys,
        app =>
        {
            app.MapGet("/closed", () => TypedResults.Ok("closed"));
            app.MapGet("/open", () => TypedResults.Ok("open")).AllowAnonymous();
        },
        add);

    private sealed class Badge(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Request.Headers["X-Badge"] == "ours"
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity("Badge")), Scheme.Name))
            : AuthenticateResult.NoResult());

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            Response.Headers.Append("WWW-Authenticate", Scheme.Name);
            return Task.CompletedTask;
        }
    }
}
