using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>The files of sessions' runners, with the rights of the code in them.</summary>
internal static class FileHandlers
{
    private const int LargestDepth = 100;

    public static async Task<Ok<FileList>> ListAsync(
        string sessionId, [FromQuery] string? path, [FromQuery] int? depth, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var directory = FileParameters.ReadPath("path", path);
        var levels = depth ?? 1;
        if (levels is < 1 or > LargestDepth)
        {
            throw InvalidInputException.Field("depth", $"must be from 1 to {LargestDepth}.");
        }

        var entries = await sessions.CallGuestAsync(sessionId, guest => guest.Files.ListAsync(directory, levels, cancellationToken), cancellationToken);
        return TypedResults.Ok(new FileList([.. entries.Select(FileParameters.Describe)]));
    }

    public static Task ReadAsync(string sessionId, [FromQuery] string? path, SessionRunners sessions, HttpContext context)
    {
        SessionIds.Check(sessionId);
        return FileTransfer.SendAsync(sessionId, FileParameters.ReadPath("path", path), sessions, context);
    }

    public static Task<NoContent> WriteAsync(string sessionId, [FromQuery] string? path, SessionRunners sessions, HttpContext context)
    {
        SessionIds.Check(sessionId);
        return FileTransfer.ReceiveAsync(sessionId, FileParameters.ReadPath("path", path), sessions, context);
    }

    public static async Task<NoContent> RemoveAsync(
        string sessionId, [FromQuery] string? path, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var target = FileParameters.ReadPath("path", path);
        await sessions.CallGuestAsync(sessionId, guest => guest.Files.RemoveAsync(target, cancellationToken), cancellationToken);
        return TypedResults.NoContent();
    }

    public static async Task<Ok<FileAnswer>> MoveAsync(
        string sessionId, JsonBody<MoveRequest> body, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var (source, destination) = (FileParameters.ReadPath("source", body.Value?.Source), FileParameters.ReadPath("destination", body.Value?.Destination));
        var moved = await sessions.CallGuestAsync(sessionId, guest => guest.Files.MoveAsync(source, destination, cancellationToken), cancellationToken);
        return TypedResults.Ok(new FileAnswer(FileParameters.Describe(moved)));
    }

    public static async Task<JsonHttpResult<FileAnswer>> MakeDirectoryAsync(
        string sessionId, JsonBody<DirectoryRequest> body, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var path = FileParameters.ReadPath("path", body.Value?.Path);
        var made = await sessions.CallGuestAsync(sessionId, guest => guest.Files.MakeDirectoryAsync(path, cancellationToken), cancellationToken);
        return TypedResults.Json(
            new FileAnswer(FileParameters.Describe(made)), ContractJson.Default.FileAnswer, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>Makes a link to this very listener, by the name that its caller uses.</summary>
    public static async Task<Ok<FileLink>> LinkAsync(
        string sessionId, JsonBody<FileLinkRequest> body, SessionRunners sessions, TimeProvider time, HttpRequest request, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var path = FileParameters.ReadPath("path", body.Value?.Path);
        var write = FileParameters.ReadOperation(body.Value?.Operation);
        var expiresAt = time.GetUtcNow() + FileParameters.ReadLifetime(body.Value?.ExpiresInSeconds);
        var token = await sessions.CallGuestAsync(
            sessionId, async _ => await sessions.FindTokenAsync(sessionId, cancellationToken), cancellationToken);
        var query = FileLinks.QueryOf(token!, sessionId, path, write, expiresAt.ToUnixTimeSeconds());
        return TypedResults.Ok(new FileLink(
            $"{request.Scheme}://{request.Host}/api/runner/{Uri.EscapeDataString(sessionId)}/files/signed{query}",
            DateTimeOffset.FromUnixTimeSeconds(expiresAt.ToUnixTimeSeconds())));
    }

    public static async Task SignedAsync(
        string sessionId,
        [FromQuery] string? path,
        [FromQuery] long? expires,
        [FromQuery] string? signature,
        SessionRunners sessions,
        TimeProvider time,
        HttpContext context)
    {
        SessionIds.Check(sessionId);
        var (target, write) = (FileParameters.ReadPath("path", path), HttpMethods.IsPut(context.Request.Method));
        var token = await sessions.FindTokenAsync(sessionId, context.RequestAborted);
        if (FileLinks.Refuse(token, sessionId, target, write, expires, signature, time.GetUtcNow()) is { } refusal)
        {
            await refusal.ExecuteAsync(context);
        }
        else if (write)
        {
            await (await FileTransfer.ReceiveAsync(sessionId, target, sessions, context)).ExecuteAsync(context);
        }
        else
        {
            context.Response.Headers[HeaderNames.CacheControl] = "no-store";
            await FileTransfer.SendAsync(sessionId, target, sessions, context);
        }
    }
}
