using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Engines;

/// <summary>
/// Where runners live: the truth about what exists. It speaks of runners, so that containers of a Docker engine,
/// pods of a cluster or local processes can stand behind it. Every call ends within a bound of its own and throws
/// <see cref="EngineUnavailableException"/> when the engine can't be reached; every call is safe to make concurrently.
/// </summary>
public interface IRunnerEngine
{
    /// <summary>What kind of engine it is, for people: <c>docker</c>, <c>process</c>.</summary>
    string Kind { get; }

    /// <summary>What it can do.</summary>
    EngineCapabilities Capabilities { get; }

    /// <summary>The instance whose runners it serves (<c>Runners:Instance</c>); those of another one are never seen or touched.</summary>
    string Instance { get; }

    /// <summary>
    /// The hash of what it makes a template's pooled runners like: limits, hardening, runtime, environment, network, ports,
    /// readiness, the image's name and whatever it sets by itself; not the image's content, which is
    /// <see cref="GetImageIdAsync"/>'s. No call. The same for the same settings in every process of one version.
    /// </summary>
    string PlanOf(RunnerTemplate template);

    /// <summary>Makes a runner's container and starts it. When it throws, nothing of the runner is left, or <see cref="RemoveAsync"/> finds it by its id.</summary>
    /// <exception cref="RunnerImageMissingException">The image is not there.</exception>
    /// <exception cref="PortTakenException">Somebody else holds <see cref="RunnerSpec.Port"/>.</exception>
    /// <exception cref="EngineUnavailableException">The engine can't be reached.</exception>
    /// <exception cref="EngineException">The engine refused for another reason.</exception>
    Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Where a started runner is reached; null without a network. No call: it is made of what the placement holds and of
    /// today's settings.
    /// </summary>
    RunnerAddress? AddressOf(RunnerPlacement placement);

    /// <summary>Waits until a started runner has shown that it is ready, for at most the template's time.</summary>
    /// <exception cref="RunnerNotReadyException">It died, or did not get ready in time.</exception>
    /// <exception cref="EngineUnavailableException">The engine can't be reached.</exception>
    Task WaitUntilReadyAsync(RunnerSpec spec, RunnerPlacement placement, CancellationToken cancellationToken);

    /// <summary>
    /// Asks the program of a runner that is about to be removed to end by itself, and waits a moment until it has: some
    /// engines remove what has ended sooner than they kill it. Best effort, bounded to about a second, and no more than a
    /// request: <see cref="RemoveAsync"/> follows whatever came of it. Engines that gain nothing by it do nothing.
    /// </summary>
    Task AskToEndAsync(Runner removing, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Kills a runner and removes its container. Idempotent: what is gone already is fine.</summary>
    /// <param name="runnerId">The runner's id.</param>
    /// <param name="handle">Its handle where known; else it is looked up by the runner's id.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task RemoveAsync(string runnerId, string? handle, CancellationToken cancellationToken);

    /// <summary>Every runner of this instance, dead ones included.</summary>
    Task<IReadOnlyList<ObservedRunner>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Looks one runner up by its id; null when there is none.</summary>
    Task<ObservedRunner?> FindAsync(string runnerId, CancellationToken cancellationToken);

    /// <summary>Makes a running runner tell its owner (or that it has none), so that a lost store can be rebuilt. Best effort.</summary>
    Task TellOwnerAsync(string runnerId, string handle, Owner? owner, CancellationToken cancellationToken);

    /// <summary>
    /// What happens to runners of this instance, as it happens. The sequence ends with
    /// <see cref="EngineUnavailableException"/> when the connection is lost; events in between are lost,
    /// so whoever reads it again lists everything first.
    /// </summary>
    IAsyncEnumerable<RunnerEvent> WatchAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Runs a command in a runner and passes its output on as it comes. Cancelling kills the command where the runner's
    /// image allows it.
    /// </summary>
    /// <exception cref="RunnerGoneException">The runner is not running any more.</exception>
    /// <exception cref="RunnerPausedException">The runner is paused (<see cref="ThawAsync"/>); the command was not begun.</exception>
    Task<ExecResult> ExecAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken);

    /// <summary>Copies a runner's log, oldest first, and goes on with what comes when <paramref name="follow"/> is set.</summary>
    /// <param name="handle">The runner's handle (<see cref="RunnerPlacement.Handle"/>).</param>
    /// <param name="follow">Whether to wait for more until the runner ends.</param>
    /// <param name="tail">How many of the last lines to begin with; null for all.</param>
    /// <param name="output">Where the log goes.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="RunnerGoneException">There is no such runner.</exception>
    Task CopyLogsAsync(string handle, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken);

    /// <summary>How long ago the runner itself was last used, as it tells; null when it does not tell or answer.</summary>
    Task<TimeSpan?> GetIdleTimeAsync(Runner runner, CancellationToken cancellationToken);

    /// <summary>The id of the image that a runner of this template would be made from now; null when it is missing.</summary>
    Task<string?> GetImageIdAsync(RunnerTemplate template, CancellationToken cancellationToken);

    /// <summary>
    /// Lets a runner go on that the engine's freezer holds. Idempotent: one that runs or is gone is left as it is. Engines
    /// without a freezer do nothing.
    /// </summary>
    Task ThawAsync(string handle, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks the engine for a sign of life.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}
