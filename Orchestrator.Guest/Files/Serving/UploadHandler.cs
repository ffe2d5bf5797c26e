using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Uploads: <c>POST /files</c> truncates, as a form or as bytes; <c>PUT /files</c> replaces at once.</summary>
internal sealed class UploadHandler(IAgentConnector agents)
{
    private const int ChunkSize = Frame.MaxPayload;

    public async Task PostAsync(HttpContext context)
    {
        var metadata = MetadataHeaders.Read(context.Request.Headers);
        var path = context.Request.Query["path"].ToString();
        await using var body = BodyOf(context.Request);
        if (MultipartUpload.BoundaryOf(context.Request) is not { } boundary)
        {
            var file = await WriteAsync(context, body, Request(path, metadata, atomic: false));
            await AnswerAsync(context, [file]);
            return;
        }

        var written = new List<UploadedFile>();
        await foreach (var (name, bytes) in MultipartUpload.ReadAsync(body, boundary, context.RequestAborted))
        {
            if (path is not "" && written.Count > 0)
            {
                throw new FileException(FileFailure.InvalidArgument, "several files can't be uploaded to one path: leave the query's path out");
            }

            written.Add(await WriteAsync(context, bytes, Request(path is "" ? name : path, metadata, atomic: false)));
        }

        if (written.Count == 0)
        {
            throw new FileException(FileFailure.InvalidArgument, "the form holds no part named 'file'");
        }

        await AnswerAsync(context, written);
    }

    public async Task PutAsync(HttpContext context, string path)
    {
        var metadata = MetadataHeaders.Read(context.Request.Headers);
        await using var body = BodyOf(context.Request);
        await AnswerAsync(context, [await WriteAsync(context, body, Request(path, metadata, atomic: true))]);
    }

    public async Task PutTreeAsync(HttpContext context, string path)
    {
        await using var body = BodyOf(context.Request);
        await using var call = await FileCall.BeginAsync(
            agents, context.Request, new AgentRequest(File: new FileRequest(FileOperation.Unpack, path)), context.RequestAborted);
        var end = call.EndAsync();
        await SendAsync(call, body, end, context.RequestAborted);
        await end;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static FileRequest Request(string path, IReadOnlyDictionary<string, string>? metadata, bool atomic) => path is ""
        ? throw new FileException(FileFailure.InvalidArgument, "path is required")
        : new FileRequest(FileOperation.Write, path, Atomic: atomic, Metadata: metadata);

    private async Task<UploadedFile> WriteAsync(HttpContext context, Stream bytes, FileRequest request)
    {
        await using var call = await FileCall.BeginAsync(agents, context.Request, new AgentRequest(File: request), context.RequestAborted);
        var start = call.StartAsync(ProtocolJson.Default.FileEntry);
        await SendAsync(call, bytes, start, context.RequestAborted);
        var entry = await start;
        return new UploadedFile(entry.Path, entry.Name, "file", entry.Metadata);
    }

    /// <summary>Sends the bytes until the operation has ended, which may be early: then what is left is not read.</summary>
    private static async Task SendAsync(FileCall call, Stream bytes, Task operation, CancellationToken cancellationToken)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            int count;
            while ((count = await bytes.ReadAsync(chunk.AsMemory(0, ChunkSize), cancellationToken)) > 0)
            {
                if (operation.IsCompleted || !await call.TrySendAsync(FrameType.Input, chunk.AsMemory(0, count), cancellationToken))
                {
                    return;
                }
            }

            await call.TrySendAsync(FrameType.InputEnd, default, cancellationToken);
        }
        catch (Exception error)
        {
            // The agent has to learn it from the connection's end, since half a body is no file.
            await call.DisposeAsync();
            await operation.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (error is InvalidDataException)
            {
                throw new FileException(FileFailure.InvalidArgument, $"the body is not gzip, as its headers say: {error.Message}");
            }

            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static Stream BodyOf(HttpRequest request) => request.Headers.ContentEncoding.ToString() switch
    {
        "" => request.Body,
        var encoding when encoding.Equals("identity", StringComparison.OrdinalIgnoreCase) => request.Body,
        var encoding when encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) => new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
        var encoding => throw new BadHttpRequestException(
            $"Unsupported Content-Encoding '{encoding}': must be gzip, or left out.", StatusCodes.Status415UnsupportedMediaType),
    };

    private static Task AnswerAsync(HttpContext context, IReadOnlyList<UploadedFile> files)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, files, UploadJson.Default.IReadOnlyListUploadedFile, context.RequestAborted);
    }
}

/// <summary>A file that an upload has written.</summary>
internal sealed record UploadedFile(string Path, string Name, string Type, IReadOnlyDictionary<string, string>? Metadata);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<UploadedFile>))]
internal sealed partial class UploadJson : JsonSerializerContext;
