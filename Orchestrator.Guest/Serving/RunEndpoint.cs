using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary><c>POST /run</c>: runs code and answers its output as it is produced, as <see cref="ServerSentEvents"/>.</summary>
internal sealed partial class RunEndpoint(IAgentConnector agents, TimeProvider time, ILogger logger) : IEndpoint
{
    /// <summary>The number of concurrent runs; further callers are asked to retry.</summary>
    public const int MaxRuns = 8;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);
    private int _runs;

    public IEnumerable<Route> Routes => [new(HttpMethods.Post, "/run", HandleAsync) { MaxBody = RunRequest.MaxBodyBytes }];

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (Interlocked.Increment(ref _runs) > MaxRuns)
            {
                await Refusal.WriteAsync(context, 429, "TOO_MANY_RUNS", $"{MaxRuns} runs are active. Retry in a moment.", retry: true);
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
        }
    }

    private async Task RunAsync(HttpContext context)
    {
        if (await ReadAsync(context) is not { } request)
        {
            return;
        }

        await using var agent = await AgentConnection.OpenAsync(agents, context.RequestAborted);
        if (agent is null)
        {
            LogNoAgent(logger);
            await Refusal.WriteAsync(context, 503, "AGENT_NOT_READY", "The process that runs code is not ready. Retry in a moment.", retry: true);
            return;
        }

        var began = time.GetTimestamp();
        LogRunStarted(logger, request.Language);
        var exit = await StreamAsync(context, agent, request.ToProcess());
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

            await Refusal.WriteAsync(context, 400, code, message);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == 413)
        {
            await Refusal.WriteAsync(context, 413, "BODY_TOO_LARGE", $"The body must be at most {RunRequest.MaxBodyBytes} bytes.");
        }
        catch (BadHttpRequestException error)
        {
            await Refusal.WriteAsync(context, error.StatusCode, "BAD_REQUEST", error.Message);
        }
        catch (JsonException error)
        {
            var where = error.Path is { Length: > 2 } path ? $"{path[2..]}: " : "";
            await Refusal.WriteAsync(context, 400, "INVALID_JSON", $"{where}the body must be JSON like {{\"language\":\"python\",\"code\":\"print(1)\"}}.");
        }

        return null;
    }

    private async Task<CommandExit> StreamAsync(HttpContext context, AgentConnection agent, ProcessRequest process)
    {
        context.Response.ContentType = ServerSentEvents.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers[EventStream.BufferingHeader] = "no";
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);

        // The agent enforces the deadline; this one is for an agent that code has tampered with.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var timer = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), limit,
            TimeSpan.FromMilliseconds(process.TimeoutMs) + Grace, Timeout.InfiniteTimeSpan);

        await using var events = new EventStream(context.Response.BodyWriter, time);
        var exit = new CommandExit(null, false, false, 0, "The process that ran the code was killed.");
        try
        {
            await agent.SendAsync(new AgentRequest(Process: process), limit.Token);
            await agent.SendAsync(FrameType.InputEnd, default, limit.Token);
            await foreach (var frame in agent.ReadAllAsync(limit.Token))
            {
                if (frame.Type == FrameType.Exit)
                {
                    exit = CommandExit.Parse(frame.Payload.Span);
                    break;
                }

                await WriteAsync(events, frame, limit.Token);
            }
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
        FrameType.Start or FrameType.Taken => Task.CompletedTask,
        _ => throw new FrameException($"A frame of type {frame.Type} may not stand here."),
    };

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
