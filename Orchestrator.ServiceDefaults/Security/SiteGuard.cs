using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// Refuses a browser's calls for another page. Without keys: those that change state, unless the page's origin is in
/// <c>Cors:AllowedOrigins</c> or the page has this process's <see cref="PageSecret"/>. With keys or without: those of another
/// site to endpoints marked <see cref="SameSiteOnly"/>.
/// </summary>
internal sealed class SiteGuard(SecurityOptions options, Origins origins, PageSecret secret, RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var refusal = options.HasKeys || !ChangesState(context) ? null : await CheckPageAsync(context);
        refusal ??= CheckSite(context);
        await (refusal is null ? next(context) : refusal.ExecuteAsync(context));
    }

    private async ValueTask<ErrorResult?> CheckPageAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.Origin is not [{ } origin])
        {
            return request.Headers.Origin.Count == 0 && IsByUser(request) ? null : NotAllowed();
        }

        if (origins.Lists(origin))
        {
            return null;
        }

        if (!Origins.IsOwn(origin, request) && !await origins.AllowsAsync(origin, context.RequestAborted))
        {
            return NotAllowed();
        }

        return secret.IsIn(request) ? null : new ErrorResult(StatusCodes.Status403Forbidden, "PAGE_SECRET_REQUIRED",
            $"This state-changing call comes from a page without the secret of this process ({PageSecret.Header}). Reload our page; list another page's origin in Cors:AllowedOrigins.");
    }

    private static ErrorResult NotAllowed() => new(StatusCodes.Status403Forbidden, "ORIGIN_NOT_ALLOWED",
        "This state-changing call comes from a page whose origin is not in Cors:AllowedOrigins.");

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
            || context.GetEndpoint()?.Metadata is { } metadata
                && (metadata.GetMetadata<SameSiteOnly>() is not null || metadata.GetMetadata<StateChanging>() is not null);
    }

    // A browser's GET carries no origin, but says whose page made it: "none" for an address that its user entered, "same-site"
    // for a page on another port of this machine. Programs say nothing.
    private static bool IsByUser(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString().ToLowerInvariant() is "" or "none" or "same-origin";

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

/// <summary>On an endpoint that changes state whatever its verb, a WebSocket for instance: the origins of a POST may call it.</summary>
public sealed class StateChanging;

/// <summary>Marks endpoints for the guard.</summary>
public static class StateChanges
{
    /// <summary>Guards these calls as a POST is, whatever their verb.</summary>
    public static TBuilder ChangesState<TBuilder>(this TBuilder builder)
        where TBuilder : Microsoft.AspNetCore.Builder.IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new StateChanging()));
        return builder;
    }
}
