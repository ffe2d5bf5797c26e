using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Guests;

/// <summary>
/// The guest of one runner. Safe for concurrent use. It runs beside untrusted code, so every answer is bounded and checked.
/// Calls throw <see cref="RunnerGoneException"/> and <see cref="RunnerPausedException"/> (having begun nothing), <see cref="EngineUnavailableException"/> when
/// the connection is lost, <see cref="RunnerMisbehavedException"/> for answers outside its protocol, and
/// <see cref="GuestRefusedException"/> for what it refuses.
/// </summary>
public interface IGuest
{
    /// <summary>Its processes.</summary>
    IGuestProcesses Processes { get; }

    /// <summary>Its files.</summary>
    IGuestFiles Files { get; }

    /// <summary>
    /// Runs a command and passes its output on as it comes. The command and everything it started die at its time limit and on
    /// cancellation; what it leaves behind when it ends by itself lives on.
    /// </summary>
    Task<ExecResult> ExecAsync(ExecRequest request, IExecOutput output, CancellationToken cancellationToken);
}
