using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Engines;

/// <summary>
/// Where runners live: the truth about what exists. It deals in runners, so that a Docker engine, a cluster or local
/// processes can implement it. Every call is bounded in time and throws <see cref="EngineUnavailableException"/> when the
/// engine is unreachable; all calls are safe to make concurrently.
/// </summary>
public interface IRunnerEngine
{
    /// <summary>The kind of engine, for display: <c>docker</c>, <c>process</c>.</summary>
    string Kind { get; }

    /// <summary>Its capabilities.</summary>
    EngineCapabilities Capabilities { get; }

    /// <summary>The instance whose runners it serves (<c>Runners:Instance</c>); it never sees or touches those of another.</summary>
    string Instance { get; }

    /// <summary>
    /// The hash of everything that makes up a template's pooled runners: limits, hardening, runtime, environment, network,
    /// ports, readiness, the image's name and the engine's own settings; not the image's content, which
    /// <see cref="GetImageIdAsync"/> identifies. Makes no call. Equal settings give equal hashes in every process of one version.
    /// </summary>
    string PlanOf(RunnerTemplate template);

    /// <summary>
    /// Creates a runner's container and starts it. If it throws, nothing of the runner is left, or <see cref="RemoveAsync"/>
    /// finds it by its id.
    /// </summary>
    /// <exception cref="RunnerImageMissingException">The image is missing.</exception>
    /// <exception cref="PortTakenException">Another process holds <see cref="RunnerSpec.Port"/>.</exception>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    /// <exception cref="EngineException">The engine refused for another reason.</exception>
    Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// The address of a started runner; null without a network. Makes no call: it is computed from the placement and the
    /// current settings.
    /// </summary>
    RunnerAddress? AddressOf(RunnerPlacement placement);

    /// <summary>Waits until a started runner is ready, for at most the template's time-out.</summary>
    /// <exception cref="RunnerNotReadyException">It died, or was not ready in time.</exception>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    Task WaitUntilReadyAsync(RunnerSpec spec, RunnerPlacement placement, CancellationToken cancellationToken);

    /// <summary>
    /// Asks the program of a runner that is about to be removed to exit, and waits briefly until it has: some engines
    /// remove an exited runner faster than they kill it. Best effort, bounded to about a second, and only a request:
    /// <see cref="RemoveAsync"/> follows in any case. Engines that gain nothing by it do nothing.
    /// </summary>
    Task AskToEndAsync(Runner removing, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Kills a runner and removes its container. Idempotent: a runner that is gone is no error.</summary>
    /// <param name="runnerId">The runner's id.</param>
    /// <param name="handle">Its handle if known; otherwise the runner's id is looked up.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task RemoveAsync(string runnerId, string? handle, CancellationToken cancellationToken);

    /// <summary>Every runner of this instance, dead ones included.</summary>
    Task<IReadOnlyList<ObservedRunner>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Looks one runner up by its id; null when there is none.</summary>
    Task<ObservedRunner?> FindAsync(string runnerId, CancellationToken cancellationToken);

    /// <summary>Records an owner, or that there is none, on a running runner, so that a lost store can be rebuilt. Best effort.</summary>
    Task TellOwnerAsync(string runnerId, string handle, Owner? owner, CancellationToken cancellationToken);

    /// <summary>
    /// The events of this instance's runners as they happen. The sequence ends with
    /// <see cref="EngineUnavailableException"/> when the connection is lost; events in between are lost, so a caller that
    /// reads it again lists everything first.
    /// </summary>
    IAsyncEnumerable<RunnerEvent> WatchAsync(CancellationToken cancellationToken);

    /// <summary>
    /// How this process reaches the guest of a runner; null when its image has none. The runner may be unready or gone:
    /// only <see cref="IGuestConnector.ConnectAsync"/> finds out.
    /// </summary>
    /// <exception cref="RunnerGoneException">There is no such runner.</exception>
    ValueTask<IGuestConnector?> FindGuestAsync(RunnerPlacement placement, CancellationToken cancellationToken) => default;

    /// <summary>
    /// Runs a command in a runner without a guest and passes its output on as it comes. Neither cancellation nor the time
    /// limit kills the command, which only the runner's removal does.
    /// </summary>
    /// <exception cref="RunnerGoneException">The runner is no longer running.</exception>
    /// <exception cref="RunnerPausedException">The runner is paused (<see cref="ThawAsync"/>); the command was not started.</exception>
    /// <exception cref="GuestMissingException">The engine runs commands only through a guest.</exception>
    Task<ExecResult> ExecAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken);

    /// <summary>Copies a runner's log, oldest first, and continues with new output if <paramref name="follow"/> is set.</summary>
    /// <param name="handle">The runner's handle (<see cref="RunnerPlacement.Handle"/>).</param>
    /// <param name="follow">Whether to wait for more until the runner ends.</param>
    /// <param name="tail">How many of the last lines to begin with; null for all.</param>
    /// <param name="output">Where the log goes.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="RunnerGoneException">There is no such runner.</exception>
    Task CopyLogsAsync(string handle, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken);

    /// <summary>The time since the runner itself was last used, as it reports; null when it does not report or answer.</summary>
    Task<TimeSpan?> GetIdleTimeAsync(Runner runner, CancellationToken cancellationToken);

    /// <summary>The id of the image that a runner of this template would use now; null when it is missing.</summary>
    Task<string?> GetImageIdAsync(RunnerTemplate template, CancellationToken cancellationToken);

    /// <summary>
    /// Thaws a runner that the engine's freezer holds. Idempotent: one that runs or is gone is left as it is. Engines without
    /// a freezer do nothing.
    /// </summary>
    Task ThawAsync(string handle, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Pings the engine.</summary>
    Task PingAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What keeps the engine from starting runners of a template, as far as it can be told cheaply and without starting one:
    /// settings that it can't meet, a missing image, an unusable network. Null when nothing is known to.
    /// </summary>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    Task<StartObstacle?> FindObstacleAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
        Task.FromResult<StartObstacle?>(null);
}
