using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary><c>/files</c>: envd's GET and POST (docs/contract/e2b.md, section 3.1), and beside them PUT, which replaces a file at once, and
/// <c>format=tar</c> for folders.</summary>
/// <param name="token">Admits callers, and checks signed links.</param>
/// <param name="agents">The way to the process that has the code's rights.</param>
/// <param name="time">The clock that links expire by.</param>
internal sealed class FilesEndpoint(AccessToken token, IAgentConnector agents, TimeProvider time) : IEndpoint
{
    private const string Tar = "tar";
    private const string Exposed = "ETag, Content-Range, Content-Disposition, Accept-Ranges, Content-Encoding";

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    private readonly DownloadHandler _download = new(agents);
    private readonly UploadHandler _upload = new(agents);

    public IEnumerable<ServerRoute> Routes =>
    [
        new(HttpMethods.Get, "/files", context => AdmitAsync(context, "read", GetAsync), Dialect.Rest) { NeedsToken = false },
        new(HttpMethods.Post, "/files", context => AdmitAsync(context, "write", _upload.PostAsync), Dialect.Rest) { NeedsToken = false, MaxBody = null },
        new(HttpMethods.Put, "/files", context => AdmitAsync(context, "write", PutAsync), Dialect.Rest) { NeedsToken = false, MaxBody = null },
        new(HttpMethods.Post, "/files/compose", ComposeAsync, Dialect.Rest),
    ];

    private static bool IsTree(HttpContext context) => context.Request.Query["format"] == Tar;

    private static string PathOf(HttpContext context) => context.Request.Query["path"].ToString();

    private Task GetAsync(HttpContext context) => IsTree(context)
        ? _download.TreeAsync(context, PathOf(context))
        : _download.FileAsync(context, PathOf(context));

    private Task PutAsync(HttpContext context) => IsTree(context)
        ? _upload.PutTreeAsync(context, PathOf(context))
        : _upload.PutAsync(context, PathOf(context));

    private static Task ComposeAsync(HttpContext context) =>
        Refusal.WriteAsync(context, StatusCodes.Status501NotImplemented, "Files are uploaded whole: POST /files.");

    private async Task AdmitAsync(HttpContext context, string operation, RequestDelegate handle)
    {
        context.Response.Headers.AccessControlExposeHeaders = Exposed;
        if (!token.Admits(context.Request))
        {
            // A link is good for one file, so not for all that is below a folder.
            var problem = IsTree(context)
                ? "A folder needs the runner's token (X-Access-Token)."
                : FileSignature.Problem(context.Request.Query, operation, token.Text, time.GetUtcNow());
            if (problem is not null)
            {
                await Refusal.WriteAsync(context, StatusCodes.Status401Unauthorized, problem);
                return;
            }
        }

        if (context.Request.Query["format"] is [{ } format] && format != Tar)
        {
            await Refusal.WriteAsync(context, StatusCodes.Status400BadRequest, $"Invalid format '{format}': must be 'tar', or left out.");
            return;
        }

        try
        {
            await handle(context);
        }
        catch (FileException error) when (!context.Response.HasStarted)
        {
            await FileProblem.WriteAsync(context, error);
            await DrainAsync(context);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await Refusal.WriteAsync(context, error.StatusCode, error.Message);
        }
    }

    /// <summary>Ends the answer, then reads what is left of an upload that was refused: a client that sends all before it reads would
    /// else see a broken connection and no reason.</summary>
    private static async Task DrainAsync(HttpContext context)
    {
        await context.Response.CompleteAsync();
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(DrainLimit);
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null, limit.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It has left, or sends on and on: then the connection breaks.
        }
    }
}
