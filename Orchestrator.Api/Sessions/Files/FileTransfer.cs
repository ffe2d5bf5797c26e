using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>Moves files between callers and guests, a piece at a time.</summary>
internal static class FileTransfer
{
    private const int Piece = 64 << 10;
    private const string Archive = "application/x-tar";

    private static readonly string[] Conditions =
    [
        HeaderNames.Range, HeaderNames.IfRange, HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince,
    ];

    /// <summary>Sends a file, or a directory as a tar archive.</summary>
    public static async Task SendAsync(string sessionId, string path, SessionRunners sessions, HttpContext context)
    {
        try
        {
            await sessions.CallGuestAsync(sessionId, SendAsync, context.RequestAborted);
        }
        catch (EngineException) when (context.Response.HasStarted)
        {
            // Half an answer must not look complete.
            context.Abort();
        }

        async Task SendAsync(IGuest guest)
        {
            using var file = await OpenAsync(guest.Files, path, context);
            var response = context.Response;
            response.StatusCode = file.Status;
            foreach (var (name, value) in file.Headers)
            {
                response.Headers[name] = value;
            }

            // A runner's file is never a page of this origin.
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
            await CopyAsync(file.Body, response.Body, context.RequestAborted);
        }
    }

    /// <summary>Writes the call's body to a file, or unpacks it into a directory.</summary>
    public static async Task<NoContent> ReceiveAsync(string sessionId, string path, SessionRunners sessions, HttpContext context)
    {
        var request = context.Request;
        var archive = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(Archive, StringComparison.OrdinalIgnoreCase);
        await sessions.CallGuestAsync(
            sessionId, guest => guest.Files.WriteAsync(path, request.Body, request.ContentLength, archive, context.RequestAborted), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<GuestDownload> OpenAsync(IGuestFiles files, string path, HttpContext context)
    {
        var conditions = Conditions
            .Where(name => context.Request.Headers.ContainsKey(name))
            .Select(name => KeyValuePair.Create(name, context.Request.Headers[name].ToString()));
        try
        {
            return await files.OpenAsync(path, archive: false, conditions, context.RequestAborted);
        }
        catch (GuestRefusedException error) when (error.Error == GuestError.InvalidArgument)
        {
            if ((await files.StatAsync(path, context.RequestAborted)).Type != GuestEntryType.Directory)
            {
                throw;
            }

            return await files.OpenAsync(path, archive: true, [], context.RequestAborted);
        }
    }

    // A source that breaks off throws; so does it when the caller leaves.
    private static async Task CopyAsync(Stream source, Stream target, CancellationToken cancellationToken)
    {
        try
        {
            await source.CopyToAsync(target, Piece, cancellationToken);
        }
        catch (Exception error) when (error is HttpIOException or HttpRequestException)
        {
            throw new EngineUnavailableException($"The runner's guest ended a file before its end: {error.Message}", error);
        }
    }
}
