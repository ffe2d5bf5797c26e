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

    public static async Task<Results<Ok<ExecResponse>, JsonHttpResult<BackgroundResponse>, EmptyHttpResult, ErrorResult>> ExecAsync(
        string sessionId, JsonBody<ExecBody> body, SessionRunners sessions, TimeProvider time, HttpContext context)
    {
        SessionIds.Check(sessionId);
        var input = ExecInput.Read(body.Value);
        if (input.Background)
        {
            return await StartAsync(sessionId, input, sessions, time, context.RequestAborted);
        }

        return WantsEvents(context.Request)
            ? await StreamAsync(sessionId, input, context, sessions, time)
            : await CollectAsync(sessionId, input, sessions, context.RequestAborted);
    }

    private static async Task<JsonHttpResult<BackgroundResponse>> StartAsync(
        string sessionId, ExecInput input, SessionRunners sessions, TimeProvider time, CancellationToken cancellationToken)
    {
        var pid = await sessions.CallGuestAsync(
            sessionId, guest => guest.Processes.StartAsync(input.Command, input.Timeout, cancellationToken), cancellationToken);
        return TypedResults.Json(
            new BackgroundResponse(pid, time.GetUtcNow()), ContractJson.Default.BackgroundResponse, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<Results<Ok<ExecResponse>, JsonHttpResult<BackgroundResponse>, EmptyHttpResult, ErrorResult>> CollectAsync(
        string sessionId, ExecInput input, SessionRunners sessions, CancellationToken cancellationToken)
    {
        var output = new CollectedOutput(input.Base64);
        if (await sessions.ExecAsync(sessionId, input.Command, output, cancellationToken) is not { } result)
        {
            return output.HasBegun
                ? TypedResults.Ok(new ExecResponse(null, output.Stdout(true), output.Stderr(true), 0, false, false, Lost))
                : SessionErrors.RunnerNotFound();
        }

        return TypedResults.Ok(new ExecResponse(
            result.ExitCode,
            output.Stdout(result.Truncated),
            output.Stderr(result.Truncated),
            Math.Round(result.Duration.TotalMilliseconds, 3),
            result.TimedOut,
            result.Truncated,
            result.StillRunning ? Removed : result.Error,
            result.OomKilled));
    }

    private static async Task<Results<Ok<ExecResponse>, JsonHttpResult<BackgroundResponse>, EmptyHttpResult, ErrorResult>> StreamAsync(
        string sessionId, ExecInput input, HttpContext context, SessionRunners sessions, TimeProvider time)
    {
        var cancellationToken = context.RequestAborted;
        await using var output = new EventOutput(context.Response, time, input.Base64);
        CommandExit exit;
        try
        {
            var result = await sessions.ExecAsync(sessionId, input.Command, output, cancellationToken);
            if (result is null && !output.HasBegun)
            {
                return SessionErrors.RunnerNotFound();
            }

            exit = result is null
                ? new CommandExit(null, false, false, 0, Lost)
                : new CommandExit(result.ExitCode, result.TimedOut, result.Truncated,
                    Math.Round(result.Duration.TotalMilliseconds, 3), result.StillRunning ? Removed : result.Error, OomKilled: result.OomKilled);
        }
        catch (Exception exception) when (output.HasBegun && exception is (EngineException or StoreUnavailableException))
        {
            // Once the events have begun, a failure is the last of them.
            exit = new CommandExit(null, false, false, 0, SessionErrors.Describe(exception));
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
