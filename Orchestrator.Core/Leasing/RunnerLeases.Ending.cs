using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Leasing;

/// <summary>How owners end their leases.</summary>
public sealed partial class RunnerLeases
{
    /// <summary>
    /// Ends an owner's lease: depending on its template, the runner is removed, container included, or returned to the
    /// pool. A running provision finishes first.
    /// </summary>
    /// <returns>False when it has none.</returns>
    public async Task<bool> ReleaseAsync(RunnerTemplate template, Owner owner, CancellationToken cancellationToken)
    {
        while (await store.FindAsync(template.Name, owner, cancellationToken) is { } runner)
        {
            // A runner whose token was lost with the store is useless to the next owner.
            var reusable = template.OnRelease == ReleasePolicy.Reuse && runner is { State: RunnerState.Leased, Token: not null };
            var ended = reusable
                ? await ReturnAsync(runner, cancellationToken)
                : await EndAsync(runner, "released", cancellationToken);
            if (ended)
            {
                LogReleased(runner.Id, owner);
                return true;
            }
        }

        return false;
    }

    /// <summary>Removes a runner in any state; its owner loses it.</summary>
    /// <returns>False when it is gone already.</returns>
    public async Task<bool> DestroyAsync(Runner runner, CancellationToken cancellationToken)
    {
        for (Runner? seen = runner; seen is not null; seen = await store.GetAsync(runner.Id, cancellationToken))
        {
            if (await EndAsync(seen, "destroyed", cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Removes every idle runner of this orchestrator's engine; its pool starts fresh ones. A runner that is claimed
    /// concurrently stays with its new owner.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> DrainAsync(CancellationToken cancellationToken)
    {
        var idle = (await ListAsync(cancellationToken)).Where(runner => runner.State == RunnerState.Idle);
        var removed = await Task.WhenAll(idle.Select(runner => EndAsync(runner, "drained", cancellationToken)));
        return removed.Count(ended => ended);
    }

    /// <summary>
    /// Ends a runner that a call found dead, so that its owner's next provision is not answered with it; its container's
    /// removal is not waited for.
    /// </summary>
    private async Task EndGoneAsync(Runner runner, CancellationToken cancellationToken)
    {
        if (await store.BeginRemoveAsync(runner.Id, runner.Fence, cancellationToken) is { } removing)
        {
            LogGone(runner.Id, Owner.NameOf(runner.Owner));
            signals.Changed(removing.Template);
            _ = remover.RemoveAsync(removing, "a call found it dead", CancellationToken.None)
                .ContinueWith(removal => _ = removal.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private async Task<bool> ReturnAsync(Runner runner, CancellationToken cancellationToken)
    {
        if (await store.ReturnAsync(runner.Id, runner.Fence, cancellationToken) is not { } idle)
        {
            return false;
        }

        signals.Changed(idle.Template);
        teller.Tell(idle);
        return true;
    }

    /// <summary>Takes a runner out of use and removes it; false when another call did so, or it has changed.</summary>
    private async Task<bool> EndAsync(Runner runner, string reason, CancellationToken cancellationToken)
    {
        switch (runner.State)
        {
            case RunnerState.Creating:
                try
                {
                    await JoinAsync(runner, cancellationToken);
                }
                catch (EngineException e) when (e is not EngineUnavailableException)
                {
                    // Its provision failed: there is nothing to end.
                }

                return false;

            case RunnerState.Removing when remover.IsRemoving(runner.Id):
                await remover.RemoveAsync(runner, reason, cancellationToken);
                return false;

            case RunnerState.Removing:
                return await remover.RemoveAsync(runner, reason, cancellationToken);

            default:
                using (remover.Announce(runner.Id))
                {
                    return await BeginEndAsync(runner, reason, cancellationToken);
                }
        }
    }

    private async Task<bool> BeginEndAsync(Runner runner, string reason, CancellationToken cancellationToken)
    {
        if (await store.BeginRemoveAsync(runner.Id, runner.Fence, cancellationToken) is not { } removing)
        {
            return false;
        }

        // The slot is free now: wake those who wait for it before waiting for the container's end.
        signals.Changed(removing.Template);
        await remover.RemoveAsync(removing, reason, cancellationToken);
        return true;
    }

    [LoggerMessage(1024, LogLevel.Warning, "Ending runner {Runner} of {Owner}: a call found it dead")]
    private partial void LogGone(string runner, string owner);

    [LoggerMessage(1021, LogLevel.Information, "Released runner {Runner} of {Owner}")]
    private partial void LogReleased(string runner, Owner owner);
}
