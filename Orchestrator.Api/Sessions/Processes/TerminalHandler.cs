using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Guest.Protocol;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions.Processes;

/// <summary>
/// Terminals over WebSockets: binary messages are bytes both ways, a text message <c>{"resize":{"cols","rows"}}</c> changes the
/// size. The caller's end leaves the program running. A caller that offers the sub-protocol <c>orchestrator.terminal</c> gets the
/// text message <c>{"pid":42}</c> first, to attach again by; a browser that also offers its key fails without a chosen one.
/// </summary>
internal static class TerminalHandler
{
    private const string SubProtocol = "orchestrator.terminal";

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    public static async Task OpenAsync(
        string sessionId,
        [FromQuery] int? cols,
        [FromQuery] int? rows,
        [FromQuery] int? pid,
        [FromQuery] string? command,
        SessionRunners sessions,
        HttpContext context)
    {
        SessionIds.Check(sessionId);
        var size = ProcessParameters.ReadSize(cols, rows);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await new ErrorResult(StatusCodes.Status426UpgradeRequired, "WEBSOCKET_REQUIRED", "This call is a WebSocket.").ExecuteAsync(context);
            return;
        }

        if (pid is not null && command is not null)
        {
            throw InvalidInputException.Field("command", "can't be given together with pid.");
        }

        await sessions.CallGuestAsync(sessionId, guest => ServeAsync(guest.Processes, pid, command, size, context), context.RequestAborted);
    }

    private static async Task ServeAsync(IGuestProcesses processes, int? pid, string? command, ScreenSize size, HttpContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var events = pid is { } known
            ? processes.ReadAsync(known, since: 0, follow: true, stop.Token)
            : processes.StartTerminalAsync(command, size, stop.Token);
        await using var output = events.GetAsyncEnumerator(stop.Token);

        // Refused before the upgrade, a call gets an ordinary answer.
        if (!await output.MoveNextAsync() || output.Current is not ProcessStarted started)
        {
            throw new RunnerMisbehavedException("The guest did not say that the terminal runs.");
        }

        var named = context.WebSockets.WebSocketRequestedProtocols.Contains(SubProtocol);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = named ? SubProtocol : null,
            KeepAliveInterval = EventStream.KeepAliveInterval,
            KeepAliveTimeout = EventStream.KeepAliveInterval * 2,
        });
        if (named)
        {
            await TellPidAsync(socket, started.Pid, stop.Token);
        }

        var input = new TerminalInput(socket, processes, started.Pid);
        if (pid is not null)
        {
            await input.ResizeAsync(size, stop.Token);
        }

        // Neither a send nor a receive is cancelled: that would break the connection off before its close is read.
        var reading = input.CopyAsync(context.RequestAborted);
        var writing = CopyAsync(output, socket, context.RequestAborted);
        await Task.WhenAny(reading, writing);
        var reason = await EndOfAsync(writing, reading);
        await stop.CancelAsync();
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(CloseLimit);
        await CloseAsync(socket, reason, limit.Token);
        await Task.WhenAny(reading, Task.Delay(Timeout.Infinite, limit.Token));
        if (reading.IsCompleted)
        {
            await DrainAsync(socket, limit.Token);
        }

        socket.Abort();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static ValueTask TellPidAsync(WebSocket socket, int pid, CancellationToken cancellationToken) => socket.SendAsync(
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"pid":{{pid}}}""")).AsMemory(),
        WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    private static async Task CopyAsync(IAsyncEnumerator<GuestEvent> output, WebSocket socket, CancellationToken cancellationToken)
    {
        while (await output.MoveNextAsync())
        {
            if (output.Current is ProcessOutput piece)
            {
                await socket.SendAsync(piece.Data, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            }
        }
    }

    // What a browser shows of an end: a code, and a short reason.
    private static async Task<(WebSocketCloseStatus Status, string Text)> EndOfAsync(Task writing, Task reading)
    {
        try
        {
            await (writing.IsCompleted ? writing : reading);
            return (WebSocketCloseStatus.NormalClosure, writing.IsCompleted ? "The program has ended." : "Detached.");
        }
        catch (Exception error) when (error is EngineException)
        {
            return (WebSocketCloseStatus.EndpointUnavailable, SessionErrors.Describe(error));
        }
        catch (InvalidInputException error)
        {
            return (WebSocketCloseStatus.InvalidPayloadData, error.Message);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
        {
            return (WebSocketCloseStatus.NormalClosure, "Detached.");
        }
    }

    // Until the caller has read the close and closes, too.
    private static async Task DrainAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 10];
        try
        {
            while (socket.State == WebSocketState.CloseSent
                && await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken) is { MessageType: not WebSocketMessageType.Close })
            {
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
        {
            // The caller has left.
        }
    }

    private static async Task CloseAsync(WebSocket socket, (WebSocketCloseStatus Status, string Text) reason, CancellationToken cancellationToken)
    {
        const int LongestReason = 120;
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(reason.Status, reason.Text.Length <= LongestReason ? reason.Text : reason.Text[..LongestReason], cancellationToken);
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
        {
            // The caller has left.
        }
    }
}
