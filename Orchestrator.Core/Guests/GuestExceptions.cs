using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Guests;

/// <summary>Why a guest refuses a call.</summary>
public enum GuestError
{
    /// <summary>Another reason, on the guest's side.</summary>
    Failed,

    /// <summary>An argument is wrong.</summary>
    InvalidArgument,

    /// <summary>No such process, file or directory.</summary>
    NotFound,

    /// <summary>It is there already.</summary>
    AlreadyExists,

    /// <summary>The code's user may not.</summary>
    PermissionDenied,

    /// <summary>The state of a process or file does not allow it.</summary>
    FailedPrecondition,

    /// <summary>A limit of the guest is reached.</summary>
    ResourceExhausted,

    /// <summary>The disk is full.</summary>
    NoSpace,

    /// <summary>The part of the guest that runs code is not there at the moment.</summary>
    Unavailable,

    /// <summary>The part of the guest that runs code was killed meanwhile; whether anything was done is unknown.</summary>
    Aborted,

    /// <summary>The guest can't do that.</summary>
    Unimplemented,
}

/// <summary>The guest of a runner refused a call.</summary>
/// <param name="error">Why.</param>
/// <param name="message">The guest's explanation.</param>
public sealed class GuestRefusedException(GuestError error, string message) : EngineException(message)
{
    /// <summary>Why.</summary>
    public GuestError Error { get; } = error;
}

/// <summary>The runner's image has no guest, or the engine can't reach it.</summary>
/// <param name="message">What is missing.</param>
public sealed class GuestMissingException(string message) : EngineException(message);

/// <summary>A guest's answer is outside its protocol: code has tampered with it.</summary>
/// <param name="message">What was wrong.</param>
/// <param name="inner">What showed it.</param>
public sealed class RunnerMisbehavedException(string message, Exception? inner = null) : EngineException(message, inner);
