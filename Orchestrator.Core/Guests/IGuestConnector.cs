using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Guests;

/// <summary>Opens byte streams to the guests of runners. Nothing else knows how a guest is reached.</summary>
public interface IGuestConnector
{
    /// <summary>Opens a connection to a runner's guest, as to its HTTP port. Disposing the stream closes it.</summary>
    /// <exception cref="IOException">Nothing listens there, or not yet.</exception>
    /// <exception cref="EngineUnavailableException">The way leads through the engine, which is unreachable.</exception>
    /// <exception cref="RunnerGoneException">The runner is no longer running.</exception>
    /// <exception cref="RunnerPausedException">The runner is paused.</exception>
    ValueTask<Stream> ConnectAsync(RunnerPlacement placement, CancellationToken cancellationToken);
}
