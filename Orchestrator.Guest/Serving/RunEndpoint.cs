using System.Text.Json;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Processes;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary><c>POST /run</c>: runs code and answers its output as it is produced, as <see cref="ServerSentEvents"/>.</summary>
internal sealed partial class RunEndpoint(GuestProcesses processes, TimeProvider time, ILogger logger) : IEndpoint
{
    /// <summary>The number of concurrent runs; further callers are asked to retry.</summary>
    public const int MaxRuns = 8;

    private const int ChunkSize = 32 * 1024;
    private int _runs;

    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Post, "/run", HandleAsync) { MaxBody = RunRequest.MaxBodyBytes }];

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

        var began = time.GetTimestamp();
        LogRunStarted(logger, request.Language);
        var exit = await StartAsync(context, request);
        if (exit is not null)
        {
            LogRunEnded(logger, request.Language, exit.ExitCode, exit.TimedOut, time.GetElapsedTime(began).TotalMilliseconds);
        }
    }

    /// <summary>Runs the code and answers with its output; null when the call was refused.</summary>
    private async Task<CommandExit?> StartAsync(HttpContext context, RunRequest request)
    {
        try
        {
            var (process, output) = await processes.StartAsync(request.ToProcess(), request.TimeoutMs, context.RequestAborted);
            using (output)
            {
                return await StreamAsync(context, process, output);
            }
        }
        catch (NotStartedException error)
        {
            await using var events = await BeginAsync(context);
            await events.ExitAsync(error.Exit, context.RequestAborted);
            return error.Exit;
        }
        catch (ConnectError error) when (error.Code == ConnectCode.ResourceExhausted)
        {
            await Refusal.WriteAsync(context, 429, "TOO_MANY_RUNS", error.Message, retry: true);
        }
        catch (ConnectError error)
        {
            LogNoAgent(logger, error.Message);
            await Refusal.WriteAsync(context, 503, "AGENT_NOT_READY", error.Message, retry: true);
        }

        return null;
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

    private async Task<CommandExit> StreamAsync(HttpContext context, GuestProcess process, OutputCursor output)
    {
        try
        {
            await using var events = await BeginAsync(context);
            var chunk = new byte[ChunkSize];
            while (await output.ReadAsync(chunk, context.RequestAborted) is { } piece)
            {
                var bytes = chunk.AsMemory(0, piece.Count);
                await (piece.Kind == OutputKind.Output
                    ? events.OutputAsync(bytes, context.RequestAborted)
                    : events.ErrorAsync(bytes, context.RequestAborted));
            }

            await events.ExitAsync(process.Exit!, context.RequestAborted);
            return process.Exit!;
        }
        finally
        {
            if (process.Exit is null)
            {
                await process.KillAsync();
            }
        }
    }

    private async Task<EventStream> BeginAsync(HttpContext context)
    {
        context.Response.ContentType = ServerSentEvents.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers[EventStream.BufferingHeader] = "no";
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return new EventStream(context.Response.BodyWriter, time);
    }

    [LoggerMessage(1500, LogLevel.Information, "Run of {Language} started")]
    private static partial void LogRunStarted(ILogger logger, string? language);

    [LoggerMessage(1501, LogLevel.Information, "Run of {Language} ended: exit code {ExitCode}, timed out {TimedOut}, {DurationMs:F1} ms")]
    private static partial void LogRunEnded(ILogger logger, string? language, int? exitCode, bool timedOut, double durationMs);

    [LoggerMessage(1502, LogLevel.Warning, "Run refused: {Reason}")]
    private static partial void LogNoAgent(ILogger logger, string reason);

    [LoggerMessage(1504, LogLevel.Information, "Caller of a run left before its end")]
    private static partial void LogCallerLeft(ILogger logger);
}
