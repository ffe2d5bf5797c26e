using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Client;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Api.Sessions.Processes;

/// <summary>The processes of sessions' runners.</summary>
internal static class ProcessHandlers
{
    private const int InputPiece = 32 << 10;
    private const string LastEventId = "Last-Event-ID";

    public static async Task<Ok<ProcessList>> ListAsync(string sessionId, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var processes = await sessions.CallGuestAsync(sessionId, guest => guest.Processes.ListAsync(cancellationToken), cancellationToken);
        return TypedResults.Ok(new ProcessList([.. processes.Select(Describe)]));
    }

    /// <summary>Streams a process's output; a failure after the head is the last event, as exec has it.</summary>
    public static async Task StreamAsync(
        string sessionId,
        int pid,
        [FromQuery] string? follow,
        [FromQuery] string? since,
        [FromQuery] string? encoding,
        [FromHeader(Name = LastEventId)] string? lastEvent,
        SessionRunners sessions,
        TimeProvider time,
        HttpContext context)
    {
        SessionIds.Check(sessionId);
        var (following, offset, base64) = (ProcessParameters.ReadFlag("follow", follow), ProcessParameters.ReadOffset(lastEvent ?? since), ProcessParameters.ReadEncoding(encoding));
        var cancellationToken = context.RequestAborted;
        EventStream? events = null;
        try
        {
            await sessions.CallGuestAsync(sessionId, CopyAsync, cancellationToken);
        }
        catch (EngineException error) when (events is not null)
        {
            await events.ExitAsync(new CommandExit(null, false, false, 0, SessionErrors.Describe(error)), cancellationToken);
        }
        finally
        {
            await (events?.DisposeAsync() ?? default);
        }

        async Task CopyAsync(IGuest guest)
        {
            await foreach (var happened in guest.Processes.ReadAsync(pid, offset, following, cancellationToken))
            {
                events ??= await context.Response.BeginEventsAsync(time, base64, cancellationToken);
                await SendAsync(events, happened, cancellationToken);
            }
        }
    }

    public static async Task<NoContent> WriteAsync(
        string sessionId, int pid, [FromQuery] string? eof, SessionRunners sessions, HttpRequest request, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var end = ProcessParameters.ReadFlag("eof", eof);
        await sessions.CallGuestAsync(sessionId, CopyAsync, cancellationToken);
        return TypedResults.NoContent();

        async Task CopyAsync(IGuest guest)
        {
            var buffer = new byte[InputPiece];
            while (await request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await guest.Processes.WriteAsync(pid, buffer.AsMemory(0, count), terminal: false, cancellationToken);
            }

            if (end)
            {
                await guest.Processes.CloseInputAsync(pid, cancellationToken);
            }
        }
    }

    public static async Task<NoContent> SignalAsync(
        string sessionId, int pid, [FromQuery] string? signal, SessionRunners sessions, CancellationToken cancellationToken)
    {
        SessionIds.Check(sessionId);
        var (number, grace) = ProcessParameters.ReadSignal(signal);
        await sessions.CallGuestAsync(sessionId, guest => guest.Processes.SignalAsync(pid, number, grace, cancellationToken), cancellationToken);
        return TypedResults.NoContent();
    }

    private static Task SendAsync(EventStream events, GuestEvent happened, CancellationToken cancellationToken) => happened switch
    {
        ProcessOutput { Stream: OutputStream.Stdout } piece => events.OutputAsync(piece.Data, piece.Offset, cancellationToken),
        ProcessOutput piece => events.ErrorAsync(piece.Data, piece.Offset, cancellationToken),
        ProcessEnded { Result: var end } => events.ExitAsync(
            new CommandExit(end.ExitCode, end.TimedOut, end.Truncated, Math.Round(end.Duration.TotalMilliseconds, 3), end.Error, OomKilled: end.OomKilled),
            cancellationToken),
        _ => Task.CompletedTask,
    };

    private static RunnerProcess Describe(GuestProcessInfo process) => new(
        process.Pid,
        process.Command,
        process.WorkingDirectory,
        process.StartedAt,
        process.EndedAt,
        process.ExitCode,
        process.OomKilled,
        process.CpuSeconds,
        process.MemoryBytes,
        process.Terminal);
}
