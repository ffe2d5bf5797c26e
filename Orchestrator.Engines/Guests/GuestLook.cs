using Orchestrator.Core;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Guests;

/// <summary>
/// Asks the engine about a runner whose guest does not answer: an engine's proxy accepts connections to a frozen container, and
/// one to a dead container may just break.
/// </summary>
internal sealed class GuestLook(IRunnerEngine engine, Runner runner, TimeProvider time)
{
    // An engine's listing shows a dead runner as running for a moment.
    private const int Looks = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns while the runner runs.</summary>
    /// <exception cref="RunnerGoneException">It does not.</exception>
    /// <exception cref="RunnerPausedException">The engine's freezer holds it.</exception>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    public async Task RequireRunningAsync(CancellationToken cancellationToken)
    {
        switch (await engine.FindAsync(runner.Id, cancellationToken))
        {
            case null or { Running: false }:
                throw new RunnerGoneException($"Runner {runner.Id} is not running.");
            case { Paused: true }:
                throw new RunnerPausedException($"Runner {runner.Id} is paused.");
        }
    }

    /// <summary>Returns while the runner runs or is paused.</summary>
    /// <exception cref="RunnerGoneException">It does not.</exception>
    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RequireRunningAsync(cancellationToken);
        }
        catch (RunnerPausedException)
        {
            // A pause by hand ends, too; time limits count on.
        }
    }

    /// <summary>Explains a connection that broke: the runner's end, or that of the way to it.</summary>
    public async Task<EngineException> ExplainAsync(Exception broken, CancellationToken cancellationToken)
    {
        try
        {
            for (var look = 1; look <= Looks; look++)
            {
                await RequireRunningAsync(cancellationToken);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        catch (EngineException error)
        {
            return error;
        }

        return new EngineUnavailableException($"The connection to runner {runner.Id} was lost: {broken.GetBaseException().Message}", broken);
    }
}
