using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Api.Sessions.Processes;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>Streams what changes below a directory of a session's runner.</summary>
internal static class FileWatch
{
    public static async Task WatchAsync(
        string sessionId, [FromQuery] string? path, [FromQuery] string? recursive, SessionRunners sessions, TimeProvider time, HttpContext context)
    {
        SessionIds.Check(sessionId);
        var (directory, deep) = (FileParameters.ReadPath("path", path), ProcessParameters.ReadFlag("recursive", recursive));
        var cancellationToken = context.RequestAborted;
        EventStream? events = null;
        try
        {
            await sessions.CallGuestAsync(sessionId, CopyAsync, cancellationToken);
        }
        catch (EngineException) when (events is not null)
        {
            // The caller watches again, and is told why that fails.
            context.Abort();
        }
        finally
        {
            await (events?.DisposeAsync() ?? default);
        }

        async Task CopyAsync(IGuest guest)
        {
            await foreach (var change in guest.Files.WatchAsync(directory, deep, BeginAsync, cancellationToken))
            {
                await events!.EventAsync(
                    change.Type, JsonSerializer.SerializeToUtf8Bytes(new FileName(change.Name), ApiJson.Default.FileName), cancellationToken);
            }
        }

        async ValueTask BeginAsync() => events ??= await context.Response.BeginEventsAsync(time, base64: false, cancellationToken);
    }
}

/// <summary>The data of an event of a watched directory.</summary>
/// <param name="Name">The entry's path, relative to the directory.</param>
internal sealed record FileName(string Name);
