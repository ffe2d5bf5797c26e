using System.Text.Json;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>Reads a guest's refusals: Connect's by their code, others by their status.</summary>
internal static class GuestErrors
{
    private const int LongestMessage = 500;

    /// <summary>A refusal as ours.</summary>
    /// <param name="answer">Its body; null when it could not be read.</param>
    /// <param name="status">Its HTTP status; 0 for the error at a stream's end.</param>
    public static Exception Of(WireErrorAnswer? answer, int status)
    {
        var message = Clean(answer?.Message) ?? (status == 0 ? "The guest gave no reason." : $"The guest answered {status}.");
        var code = answer?.Code is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        return code == "unauthenticated" || status == 401
            ? new RunnerMisbehavedException($"The guest refused the runner's token: {message}")
            : new GuestRefusedException(code is null ? Of(status) : Of(code), message);
    }

    private static GuestError Of(string code) => code switch
    {
        "invalid_argument" or "out_of_range" => GuestError.InvalidArgument,
        "not_found" => GuestError.NotFound,
        "already_exists" => GuestError.AlreadyExists,
        "permission_denied" => GuestError.PermissionDenied,
        "failed_precondition" => GuestError.FailedPrecondition,
        "aborted" => GuestError.Aborted,
        "resource_exhausted" => GuestError.ResourceExhausted,
        "no_space" => GuestError.NoSpace,
        "unavailable" => GuestError.Unavailable,
        "unimplemented" => GuestError.Unimplemented,
        _ => GuestError.Failed,
    };

    private static GuestError Of(int status) => status switch
    {
        400 => GuestError.InvalidArgument,
        403 => GuestError.PermissionDenied,
        404 => GuestError.NotFound,
        409 => GuestError.AlreadyExists,
        429 => GuestError.ResourceExhausted,
        501 => GuestError.Unimplemented,
        503 => GuestError.Unavailable,
        507 => GuestError.NoSpace,
        _ => GuestError.Failed,
    };

    // The text is a runner's, and goes to a log: one line, no control characters.
    public static string? Clean(string? message) => string.IsNullOrWhiteSpace(message)
        ? null
        : string.Concat(message.Take(LongestMessage).Select(c => char.IsControl(c) ? ' ' : c));
}
