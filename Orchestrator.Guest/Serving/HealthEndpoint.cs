using System.Globalization;

namespace Orchestrator.Guest.Serving;

/// <summary>Says that the server lives, and how long nobody has used it. Asking is no use.</summary>
internal sealed class HealthEndpoint(IdleClock clock) : IEndpoint
{
    public IEnumerable<ServerRoute> Routes =>
    [
        Open("/healthz", context => AnswerAsync(context, "text/plain", "OK")),
        Open("/health", NoContentAsync),
        Open("/activity", context => AnswerAsync(context, "application/json", clock.IdleSeconds.ToString(CultureInfo.InvariantCulture))),
    ];

    private static ServerRoute Open(string path, RequestDelegate handle) =>
        new(HttpMethods.Get, path, handle) { NeedsToken = false, IsActivity = false };

    private static Task NoContentAsync(HttpContext context)
    {
        context.Response.StatusCode = 204;
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static Task AnswerAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = text.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(text, context.RequestAborted);
    }
}
