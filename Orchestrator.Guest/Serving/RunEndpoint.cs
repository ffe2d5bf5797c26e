using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary><c>POST /run</c>: runs code and answers its output as it is produced, as <see cref="ServerSentEvents"/>.</summary>
internal sealed partial class RunEndpoint(
    BearerToken token, IAgentConnector agents, IdleClock clock, TimeProvider time, ILogger logger)
{
    /// <summary>The number of concurrent runs; further callers are asked to retry.</summary>
    public const int MaxRuns = 8;

    private const string RetryAfterSeconds = "1";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);
    private int _runs;

    public async Task HandleAsync(HttpContext context)
    {
        if (!await token.AdmitsAsync(context))
        {
            return;
        }

        clock.Begin();
        try
        {
            if (Interlocked.Increment(ref _runs) > MaxRuns)
            {
                await Refuse(context, 429, "TOO_MANY_RUNS", $"{MaxRuns} runs are active. Retry in a moment.", retry: true);
                return;
            }

            await RunAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The connection's end has killed the run.
            LogCallerLeft(logger);
        }
        finally
        {
            Interlocked.Decrement(ref _runs);
            clock.End();
        }
    }

    private async Task RunAsync(HttpContext context)
    {
        if (await ReadAsync(context) is not { } request)
        {
            return;
        }

        using var agent = await agents.ConnectAsync(context.RequestAborted);
        if (agent is null)
        {
            LogNoAgent(logger);
            await Refuse(context, 503, "AGENT_NOT_READY", "The process that runs code is not ready. Retry in a moment.", retry: true);
            return;
        }

        var began = time.GetTimestamp();
        LogRunStarted(logger, request.Language);
        var (command, input) = request.ToCommand();
        var exit = await StreamAsync(context, agent, command, input);
        LogRunEnded(logger, request.Language, exit.ExitCode, exit.TimedOut, time.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <summary>Reads and checks the body; null when it was refused.</summary>
    private static async Task<RunRequest?> ReadAsync(HttpContext context)
    {
        try
        {
            var request = await context.Request.BodyReader.ReadJsonAsync(context.RequestAborted);
            if (request.Problem() is not var (code, message))
            {
                return request;
            }

            await Refuse(context, 400, code, message);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == 413)
        {
            await Refuse(context, 413, "BODY_TOO_LARGE", $"The body must be at most {RunRequest.MaxBodyBytes} bytes.");
        }
        catch (BadHttpRequestException error)
        {
            await Refuse(context, error.StatusCode, "BAD_REQUEST", error.Message);
        }
        catch (JsonException error)
        {
            var where = error.Path is { Length: > 2 } path ? $"{path[2..]}: " : "";
            await Refuse(context, 400, "INVALID_JSON", $"{where}the body must be JSON like {{\"language\":\"python\",\"code\":\"print(1)\"}}.");
        }

        return null;
    }

    private async Task<CommandExit> StreamAsync(HttpContext context, Socket agent, CommandRequest command, byte[] input)
    {
        context.Response.ContentType = ServerSentEvents.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers[EventStream.BufferingHeader] = "no";
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);

        // The agent enforces the deadline; this one is for an agent that code has tampered with.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var timer = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), limit,
            TimeSpan.FromMilliseconds(command.TimeoutMs) + Grace, Timeout.InfiniteTimeSpan);

        await using var events = new EventStream(context.Response.BodyWriter, time);
        var exit = new CommandExit(null, false, false, 0, "The process that ran the code was killed.");
        using var stream = new NetworkStream(agent);
        try
        {
            var sending = SendAsync(stream, command, input, limit.Token);
            await foreach (var frame in FrameReader.ReadAllAsync(stream, limit.Token))
            {
                if (frame.Type == FrameType.Exit)
                {
                    exit = CommandExit.Parse(frame.Payload.Span);
                    break;
                }

                await WriteAsync(events, frame, limit.Token);
            }

            // Ends the send: the agent has accepted everything, or closed the connection.
            agent.Shutdown(SocketShutdown.Both);
            await sending;
        }
        catch (Exception error) when (error is IOException or SocketException or FrameException
            || (error is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            LogAgentLost(logger, error.Message);
        }

        await events.ExitAsync(exit, context.RequestAborted);
        return exit;
    }

    private static Task WriteAsync(EventStream events, Frame frame, CancellationToken cancellationToken) => frame.Type switch
    {
        FrameType.Output => events.OutputAsync(frame.Payload, cancellationToken),
        FrameType.Error => events.ErrorAsync(frame.Payload, cancellationToken),
        _ => throw new FrameException($"A frame of type {frame.Type} may not stand here."),
    };

    private static async Task SendAsync(NetworkStream stream, CommandRequest command, byte[] input, CancellationToken cancellationToken)
    {
        var frames = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frames, command);
        FrameWriter.Write(frames, FrameType.Input, input);
        FrameWriter.Write(frames, FrameType.InputEnd);
        await stream.WriteAsync(frames.WrittenMemory, cancellationToken);
    }

    internal static Task Refuse(HttpContext context, int status, string code, string message, bool retry = false)
    {
        context.Response.StatusCode = status;
        if (retry)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(
            context.Response.Body, new Problem(code, message), ServingJson.Default.Problem, context.RequestAborted);
    }

    [LoggerMessage(1500, LogLevel.Information, "Run of {Language} started")]
    private static partial void LogRunStarted(ILogger logger, string? language);

    [LoggerMessage(1501, LogLevel.Information, "Run of {Language} ended: exit code {ExitCode}, timed out {TimedOut}, {DurationMs:F1} ms")]
    private static partial void LogRunEnded(ILogger logger, string? language, int? exitCode, bool timedOut, double durationMs);

    [LoggerMessage(1502, LogLevel.Warning, "No agent accepted a run within five seconds")]
    private static partial void LogNoAgent(ILogger logger);

    [LoggerMessage(1504, LogLevel.Information, "Caller of a run left before its end")]
    private static partial void LogCallerLeft(ILogger logger);

    [LoggerMessage(1503, LogLevel.Warning, "Agent lost during a run: {Reason}")]
    private static partial void LogAgentLost(ILogger logger, string reason);
}
