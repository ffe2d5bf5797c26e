using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary><c>GET /files</c>: a file's bytes, whole or a part, as they are or compressed; a folder as a tar archive.</summary>
internal sealed class DownloadHandler(IAgentConnector agents)
{
    private const string Bytes = "application/octet-stream";
    private const string Tar = "application/x-tar";
    private const string GzipSuffix = "-gzip";

    /// <summary>What is shorter is not worth compressing.</summary>
    private const int CompressFrom = 1024;

    public async Task FileAsync(HttpContext context, string path)
    {
        await using var call = await FileCall.BeginAsync(
            agents, context.Request, new AgentRequest(File: new FileRequest(FileOperation.Read, path)), context.RequestAborted);
        var facts = await call.StartAsync(ProtocolJson.Default.FileFacts);
        if (Answer(context, facts) is not var (range, compress))
        {
            return;
        }

        await call.TrySendAsync(FrameType.Control, JsonSerializer.SerializeToUtf8Bytes(range, ProtocolJson.Default.FileRange), context.RequestAborted);
        await StreamAsync(context, call, compress);
    }

    public async Task TreeAsync(HttpContext context, string path)
    {
        await using var call = await FileCall.BeginAsync(
            agents, context.Request, new AgentRequest(File: new FileRequest(FileOperation.Pack, path)), context.RequestAborted);
        await call.StartAsync();
        context.Response.ContentType = Tar;
        Name(context, $"{Path.GetFileName(path.TrimEnd('/')) switch { "" or "~" => "files", var name => name }}.tar");
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await StreamAsync(context, call, compress: false);
        }
    }

    /// <summary>Sets the status and the headers.</summary>
    /// <returns>What to send and whether compressed; null when there is no body.</returns>
    private static (FileRange Range, bool Compress)? Answer(HttpContext context, FileFacts facts)
    {
        var (request, response) = (context.Request, context.Response);
        var accepted = AcceptedEncoding.Of(request.Headers);
        var isPart = request.Headers.ContainsKey(HeaderNames.Range) && accepted.Identity;
        var compress = accepted.Gzip && !isPart && (facts.Size is null or >= CompressFrom || !accepted.Identity);
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (!compress && !accepted.Identity)
        {
            response.StatusCode = StatusCodes.Status406NotAcceptable;
            return null;
        }

        Name(context, facts.Name);
        response.ContentType = Bytes;
        if (facts.Size is not { } size)
        {
            response.Headers.ContentEncoding = compress ? "gzip" : default;
            return HttpMethods.IsHead(request.Method) ? null : (new FileRange(0, null), compress);
        }

        var modified = facts.ModifiedTime.AddTicks(-(facts.ModifiedTime.Ticks % TimeSpan.TicksPerSecond));
        var tag = new EntityTagHeaderValue($"\"{facts.Version}{(compress ? GzipSuffix : "")}\"");
        response.Headers.ETag = tag.ToString();
        response.Headers.LastModified = HeaderUtilities.FormatDate(modified);
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = "private, no-cache";
        if (Conditions.StatusOf(request, tag, modified) is { } status)
        {
            response.StatusCode = status;
            response.ContentType = null;
            return null;
        }

        var range = new FileRange(0, size);
        if (isPart && Conditions.RangeOf(request, size, tag, modified) is { } part)
        {
            if (part.Length == 0)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}");
                response.ContentLength = 0;
                return null;
            }

            range = part;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {part.Offset}-{part.Offset + part.Length - 1}/{size}");
        }

        response.Headers.ContentEncoding = compress ? "gzip" : default;
        response.ContentLength = compress ? null : range.Length;
        return HttpMethods.IsHead(request.Method) || range.Length == 0 ? null : (range, compress);
    }

    private static async Task StreamAsync(HttpContext context, FileCall call, bool compress)
    {
        try
        {
            await using var gzip = compress ? new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true) : null;
            while (await call.NextAsync() is { } bytes)
            {
                await (gzip ?? context.Response.Body).WriteAsync(bytes, context.RequestAborted);
            }
        }
        catch (FileException) when (context.Response.HasStarted)
        {
            // The status is sent: only a broken connection tells that this is not all.
            context.Abort();
        }
    }

    private static void Name(HttpContext context, string name)
    {
        var disposition = new ContentDispositionHeaderValue("inline");
        disposition.SetHttpFileName(name);
        context.Response.Headers.ContentDisposition = disposition.ToString();
    }
}
