using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Shares answers with the pages of allowed origins (<see cref="Origins"/>).</summary>
internal sealed class OriginPolicies(Origins origins) : ICorsPolicyProvider
{
    private static readonly CorsPolicy Shared = Build(true);
    private static readonly CorsPolicy Closed = Build(false);

    public async Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName) =>
        context.Request.Headers.Origin is [{ } origin] && await origins.AllowsAsync(origin, context.RequestAborted) ? Shared : Closed;

    private static CorsPolicy Build(bool allowed) => new CorsPolicyBuilder()
        .SetIsOriginAllowed(_ => allowed)
        .AllowAnyMethod()
        .AllowAnyHeader()
        .WithExposedHeaders(HeaderNames.RetryAfter, HeaderNames.Location)
        .SetPreflightMaxAge(TimeSpan.FromMinutes(10))
        .Build();
}
