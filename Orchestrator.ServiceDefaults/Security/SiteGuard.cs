using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// Refuses a browser's calls for another site's page: without keys, those that change state; with keys or without,
/// those to endpoints marked <see cref="SameSiteOnly"/>.
/// </summary>
internal sealed class SiteGuard(SecurityOptions options, Origins origins, RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var refusal = options.HasKeys ? null : CheckOrigin(context);
        refusal ??= CheckSite(context);
        return refusal is null ? next(context) : refusal.ExecuteAsync(context);
    }

    private ErrorResult? CheckOrigin(HttpContext context)
    {
        if (!ChangesState(context))
        {
            return null;
        }

        var request = context.Request;
        var origin = request.Headers.Origin;
        var allowed = origin.Count == 0
            ? !IsCrossSite(request)
            : origin.Count == 1 && (origins.Allows(origin[0]!) || Origins.IsOwn(origin[0]!, request));

        return allowed
            ? null
            : new ErrorResult(StatusCodes.Status403Forbidden, "ORIGIN_NOT_ALLOWED",
                "This state-changing call comes from a page whose origin is not in Cors:AllowedOrigins.");
    }

    private static ErrorResult? CheckSite(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<SameSiteOnly>() is null)
        {
            return null;
        }

        return IsCrossSite(context.Request) || IsPrefetch(context.Request)
            ? new ErrorResult(StatusCodes.Status403Forbidden, "CROSS_SITE_NOT_ALLOWED",
                "A browser made this state-changing call from another site or as a prefetch.")
            : null;
    }

    private static bool ChangesState(HttpContext context)
    {
        var method = context.Request.Method;
        return !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method))
            || context.GetEndpoint()?.Metadata.GetMetadata<SameSiteOnly>() is not null;
    }

    private static bool IsCrossSite(HttpRequest request) =>
        string.Equals(request.Headers["Sec-Fetch-Site"], "cross-site", StringComparison.OrdinalIgnoreCase);

    // "prefetch", "prefetch;prerender", and the two headers that precede the standard.
    private static bool IsPrefetch(HttpRequest request) =>
        request.Headers["Sec-Purpose"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase)
        || request.Headers["Purpose"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase)
        || request.Headers["X-Moz"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase);
}

/// <summary>On an endpoint that changes state whatever its verb: no browser may call it from another site or as a prefetch.</summary>
public sealed class SameSiteOnly;
