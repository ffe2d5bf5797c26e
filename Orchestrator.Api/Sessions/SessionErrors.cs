using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Api.Sessions;

/// <summary>Maps the domain's exceptions to the errors of docs/contract/session-runners.md and docs/contract/contract.md.</summary>
internal static class SessionErrors
{
    /// <summary>The <c>Retry-After</c> of a call that found engine or store unreachable.</summary>
    public static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(5);

    /// <summary>The <c>Retry-After</c> of a call that found the runner's guest busy, or its agent about to start again.</summary>
    public static readonly TimeSpan GuestPause = TimeSpan.FromSeconds(1);

    /// <summary>The answers to the domain's exceptions.</summary>
    public static ErrorMap Map { get; } = new(Find);

    public static ErrorResult RunnerNotFound(string message = "No active runner found for this session ID.") =>
        new(StatusCodes.Status404NotFound, "RUNNER_NOT_FOUND", message);

    public static ErrorResult SessionIdRequired(string purpose) =>
        new(StatusCodes.Status400BadRequest, "SESSION_ID_REQUIRED", $"Session ID is required for {purpose}.");

    /// <summary>A failure in words, where it ends an answer that has begun.</summary>
    public static string Describe(Exception exception) => Map.Find(exception)?.Value.Message ?? "The engine could not run the command.";

    private static ErrorResult? Find(Exception exception) => exception switch
    {
        CapacityExhaustedException full => new(StatusCodes.Status503ServiceUnavailable, "CAPACITY_EXHAUSTED",
            "Every runner is taken. Please retry in a few seconds.", full.RetryAfter),
        LogFollowersException full => new(StatusCodes.Status429TooManyRequests, "QUOTA_EXCEEDED",
            $"{full.Message} Please retry once one of them has left.", OutagePause),
        RunnerImageMissingException missing => new(StatusCodes.Status500InternalServerError, "DOCKER_IMAGE_NOT_FOUND",
            $"Docker image {missing.Image} not found. Ensure it has been built, typically by the 'runner-builder' service."),
        RunnerNotReadyException => new(StatusCodes.Status504GatewayTimeout, "RUNNER_NOT_READY",
            "The runner did not get ready in time and was removed."),
        RunnerGoneException => RunnerNotFound(),
        RunnerPausedException => new(StatusCodes.Status409Conflict, "RUNNER_PAUSED", "The runner is paused."),
        RunnerMisbehavedException => new(StatusCodes.Status502BadGateway, "RUNNER_MISBEHAVED",
            "The runner's guest broke its protocol; code in the runner may have tampered with it."),
        GuestMissingException missing => new(StatusCodes.Status501NotImplemented, "NOT_SUPPORTED", missing.Message),
        GuestRefusedException refused => Find(refused),
        EngineUnavailableException => new(StatusCodes.Status503ServiceUnavailable, "ENGINE_UNAVAILABLE",
            "The container engine can't be reached. Please retry in a few seconds.", OutagePause),
        StoreUnavailableException => new(StatusCodes.Status503ServiceUnavailable, "STORE_UNAVAILABLE",
            "The store can't be reached. Please retry in a few seconds.", OutagePause),
        _ => null,
    };

    private static ErrorResult Find(GuestRefusedException refused) => refused.Error switch
    {
        GuestError.InvalidArgument => new(StatusCodes.Status400BadRequest, "FIELD_INVALID", refused.Message),
        GuestError.NotFound => new(StatusCodes.Status404NotFound, "NOT_FOUND", refused.Message),
        GuestError.AlreadyExists => new(StatusCodes.Status409Conflict, "ALREADY_EXISTS", refused.Message),
        GuestError.PermissionDenied => new(StatusCodes.Status403Forbidden, "PERMISSION_DENIED", refused.Message),
        GuestError.FailedPrecondition => new(StatusCodes.Status409Conflict, "NOT_POSSIBLE", refused.Message),
        GuestError.ResourceExhausted => new(StatusCodes.Status429TooManyRequests, "RUNNER_BUSY", refused.Message, GuestPause),
        GuestError.NoSpace => new(StatusCodes.Status507InsufficientStorage, "NO_SPACE", refused.Message),
        GuestError.Unavailable or GuestError.Aborted => new(StatusCodes.Status503ServiceUnavailable, "GUEST_UNAVAILABLE", refused.Message, GuestPause),
        GuestError.Unimplemented => new(StatusCodes.Status501NotImplemented, "NOT_SUPPORTED", refused.Message),
        _ => new(StatusCodes.Status502BadGateway, "RUNNER_FAILED", refused.Message),
    };
}
