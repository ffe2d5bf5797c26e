using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors;
using Microsoft.Net.Http.Headers;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Page;

/// <summary>
/// The page at <c>/</c> of the sessions listener. Its files need no key; its API calls do.
/// </summary>
internal static class PageEndpoints
{
    // No inline script or style, no foreign origins, no markup made of text, no frame around it.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types orchestrator";

    private const string Index = "index.html";
    private const string Placeholder = "{page-secret}";

    private static readonly string[] Verbs = ["GET", "HEAD"];

    public static void MapPage(this IEndpointRouteBuilder endpoints)
    {
        // Shared with no other origin: the page holds a secret.
        var group = endpoints.MapListener(Listener.Sessions).ExcludeFromDescription()
            .WithMetadata(new AllowAnonymousAttribute(), new DisableCorsAttribute());
        var secret = endpoints.ServiceProvider.GetRequiredService<PageSecret>();
        var index = new Lazy<PageFile>(() => PageFiles.Find(Index)!.With(Placeholder, secret.Value));
        group.MapMethods("/", Verbs, context => SendAsync(context, index.Value, "no-store"));
        // Revalidated every time and sent only if changed, so that two versions never mix.
        group.MapMethods("/assets/{name}", Verbs, context => SendAsync(context, PageFiles.Find($"assets/{context.GetRouteValue("name")}"), "no-cache"));
        group.MapMethods("/vendor/{name}", Verbs, context => SendAsync(context, PageFiles.Find($"vendor/{context.GetRouteValue("name")}"), "no-cache"));
    }

    private static Task SendAsync(HttpContext context, PageFile? file, string caching)
    {
        var response = context.Response;
        if (file is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = caching;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.ETag = file.Tag;
        if (IsKnown(context.Request, file))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        var (body, encoding) = TakesGzip(context.Request) ? (file.Compressed, "gzip") : (file.Plain, null);
        response.ContentType = file.ContentType;
        response.ContentLength = body.Length;
        headers.ContentEncoding = encoding;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    // A proxy that compresses marks the tag as weak.
    private static bool IsKnown(HttpRequest request, PageFile file) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags)
        && tags.Any(tag => tag.Tag == file.Tag);

    private static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var encodings)
        && encodings.Any(encoding => encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && encoding.Quality is not 0);
}
