using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// The scheme <c>ApiKey</c>: authenticates a call by the key in its <c>X-Api-Key</c> header, or a browser's WebSocket by its
/// <see cref="SocketKey"/>.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeyCheck keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public const string SchemeName = "ApiKey";

    /// <summary>The header that carries the key.</summary>
    public const string Header = "X-Api-Key";

    private static readonly ClaimsPrincipal Caller = new(new ClaimsIdentity(SchemeName));
    private static readonly ApiError Required = new("API_KEY_REQUIRED", "This call needs a key in the X-Api-Key header.");
    private static readonly ApiError Invalid = new("API_KEY_INVALID", "The key in X-Api-Key is unknown.");

    private StringValues Presented => Request.Headers.TryGetValue(Header, out var key) ? key : SocketKey.Of(Request);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Presented is not { Count: > 0 } presented ? AuthenticateResult.NoResult()
        : keys.Accepts(presented) ? AuthenticateResult.Success(new AuthenticationTicket(Caller, SchemeName))
        : AuthenticateResult.Fail(Invalid.Message!));

    // Headers only: with several schemes, each adds its challenge before the answer is written.
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.Append(HeaderNames.WWWAuthenticate, SchemeName);
        Context.Features.Set(new StatusError(Presented.Count > 0 ? Invalid : Required));
        return Task.CompletedTask;
    }
}
