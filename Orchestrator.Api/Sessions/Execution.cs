using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Orchestrator.Client;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Guest.Protocol;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Runs commands in sessions' runners.</summary>
internal static class Execution
{
    private const string Removed = "The command timed out and could not be killed alone, so its runner was removed.";
    private const string Lost = "The runner ended while the command ran.";

    public static async Task<Results<Ok<ExecResponse>, EmptyHttpResult, ErrorResult>> ExecAsync(
        string sessionId, JsonBody<ExecBody> body, SessionRunners sessions, TimeProvider time, HttpContext context)
    {
        SessionIds.Check(sessionId);
        var command = ExecInput.Read(body.Value);
        return WantsEvents(context.Request)
            ? await StreamAsync(sessionId, command, context, sessions, time)
            : await CollectAsync(sessionId, command, sessions, context.RequestAborted);
    }

    private static async Task<Results<Ok<ExecResponse>, EmptyHttpResult, ErrorResult>> CollectAsync(
        string sessionId, ExecRequest command, SessionRunners sessions, CancellationToken cancellationToken)
    {
        var output = new CollectedOutput();
        if (await sessions.ExecAsync(sessionId, command, output, cancellationToken) is not { } result)
        {
            return SessionErrors.RunnerNotFound();
        }

        return TypedResults.Ok(new ExecResponse(
            result.ExitCode,
            output.Stdout,
            output.Stderr,
            Math.Round(result.Duration.TotalMilliseconds, 3),
            result.TimedOut,
            result.Truncated,
            result.StillRunning ? Removed : null));
    }

    private static async Task<Results<Ok<ExecResponse>, EmptyHttpResult, ErrorResult>> StreamAsync(
        string sessionId, ExecRequest command, HttpContext context, SessionRunners sessions, TimeProvider time)
    {
        var cancellationToken = context.RequestAborted;
        await using var output = new EventOutput(context.Response, time);
        CommandExit exit;
        try
        {
            var result = await sessions.ExecAsync(sessionId, command, output, cancellationToken);
            if (result is null && !context.Response.HasStarted)
            {
                return SessionErrors.RunnerNotFound();
            }

            exit = result is null
                ? new CommandExit(null, false, false, 0, Lost)
                : new CommandExit(result.ExitCode, result.TimedOut, result.Truncated,
                    Math.Round(result.Duration.TotalMilliseconds, 3), result.StillRunning ? Removed : null);
        }
        catch (Exception exception) when (context.Response.HasStarted && exception is (EngineException or StoreUnavailableException))
        {
            // Once the events have begun, a failure is the last of them.
            exit = new CommandExit(null, false, false, 0, SessionErrors.Map.Find(exception)?.Value.Message ?? "The engine could not run the command.");
        }

        await output.EndAsync(exit, cancellationToken);
        return TypedResults.Empty;
    }

    public static async Task<Results<EmptyHttpResult, ErrorResult>> CopyLogsAsync(
        string sessionId,
        HttpContext context,
        SessionRunners sessions,
        [FromQuery] string? follow,
        [FromQuery] string? tail)
    {
        SessionIds.Check(sessionId);
        var following = ReadFollow(follow);
        var lines = ReadTail(tail);
        var output = new LogOutput(context.Response, following);
        return await sessions.CopyLogsAsync(sessionId, following, lines, output, context.RequestAborted) || context.Response.HasStarted
            ? TypedResults.Empty
            : SessionErrors.RunnerNotFound();
    }

    private static bool WantsEvents(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(type => type.MediaType.Equals(ServerSentEvents.ContentType, StringComparison.OrdinalIgnoreCase) && type.Quality is not 0);

    private static bool ReadFollow(string? value) => value switch
    {
        null or "" or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw InvalidInputException.Field("follow", "must be true or false."),
    };

    private static int? ReadTail(string? value) => value switch
    {
        null or "" or "all" => null,
        _ when int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var lines) => lines,
        _ => throw InvalidInputException.Field("tail", "must be a number of lines from 0."),
    };
}
