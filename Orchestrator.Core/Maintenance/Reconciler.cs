using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Makes the store agree with the engine: the engine is right about what exists, the store about ownership. An unchanged
/// runner costs no write. Each row of the table of disagreements in docs/architecture.md is a branch here or in
/// <see cref="OrphanCollector"/>.
/// </summary>
internal sealed partial class Reconciler(
    IRunnerEngine engine,
    Leadership leadership,
    RunnerRemover remover,
    OrphanCollector orphans,
    OwnerTeller teller,
    RunnerSignals signals,
    RunnerTemplates templates,
    RunnersOptions options,
    TimeProvider time,
    ILogger<Reconciler> logger)
{
    private const int ManyRunners = 1_000;

    // Over some 2 seconds.
    private const int LooksAfterDeath = 8;

    private const string ImageReplaced = "its image was replaced";

    private static readonly TimeSpan BetweenReplacements = TimeSpan.FromSeconds(1);

    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), time, jitter: null);
    private readonly Backoff _looks = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(640), time, jitter: null);
    private bool _lost;
    private bool _outdatedLeft;

    /// <summary>Reconciles at every interval and after every reconnection of the engine's events, until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        orphans.Forget();
        var watching = WatchAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            var known = await TryReconcileAsync(cancellationToken);
            var interval = TimeSpan.FromSeconds(options.ReconcileIntervalSeconds) * (known > ManyRunners ? 6 : 1);
            interval = _outdatedLeft && interval > BetweenReplacements ? BetweenReplacements : interval;
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await watching;
    }

    /// <summary>Compares everything once.</summary>
    /// <returns>How many runners there are.</returns>
    public async Task<int> ReconcileAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var store = leadership.Store;

        // In this order: a runner's record is made before its container and deleted after it.
        var observed = await engine.ListAsync(cancellationToken);
        var records = await store.ListAsync(engine.Instance, cancellationToken);

        var unseen = observed.ToDictionary(o => o.RunnerId, StringComparer.Ordinal);
        var wanted = new Dictionary<string, Wanted>(StringComparer.Ordinal);
        foreach (var template in templates.All)
        {
            wanted[template.Name] = new Wanted(engine.PlanOf(template), await engine.GetImageIdAsync(template, cancellationToken));
        }

        var outdated = 0;
        _outdatedLeft = false;
        foreach (var record in records)
        {
            unseen.Remove(record.Id, out var seen);
            if (WhyOutdated(record, wanted.GetValueOrDefault(record.Template)) is { } reason)
            {
                // A few at a time, so that a new image never empties the pool.
                if (++outdated <= options.MaxParallelStarts)
                {
                    await EndAsync(store, record, reason, cancellationToken);
                }
                else
                {
                    // Unclaimable: wait less long for its removal than for that of a claimable one.
                    _outdatedLeft |= reason != ImageReplaced;
                }
            }
            else
            {
                await CompareAsync(store, record, seen, cancellationToken);
            }
        }

        await orphans.CollectAsync(store, unseen.Values, cancellationToken);
        RunnerMetrics.Reconciled(time.GetElapsedTime(started));
        return records.Count;
    }

    private async Task<int> TryReconcileAsync(CancellationToken cancellationToken)
    {
        using var activity = OrchestratorTelemetry.Source.StartActivity("runners.reconcile");
        try
        {
            var known = await ReconcileAsync(cancellationToken);
            if (_lost)
            {
                _lost = false;
                LogFound();
            }

            return known;
        }
        catch (LeadershipLostException)
        {
            leadership.Refused("reconciliation");
            return 0;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            _lost = true;
            LogLost(e.Message);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var happened in engine.WatchAsync(cancellationToken))
                {
                    failures = 0;
                    if (happened.Kind is not RunnerEventKind.Started)
                    {
                        await LookAtAsync(happened, cancellationToken);
                    }
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogWatchLost(e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await _backoff.WaitAsync(++failures, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // Catch up on what happened without a listener.
            await TryReconcileAsync(cancellationToken);
        }
    }

    private async Task LookAtAsync(RunnerEvent happened, CancellationToken cancellationToken)
    {
        if (remover.IsRemoving(happened.RunnerId))
        {
            return;
        }

        if (happened.Kind == RunnerEventKind.OutOfMemory)
        {
            LogOutOfMemory(happened.RunnerId);
        }

        // A listing may show a runner as running for a moment after its death (some 70 ms on Docker 20.10).
        var looks = happened.Kind is RunnerEventKind.Died or RunnerEventKind.Removed ? LooksAfterDeath : 1;
        for (var look = 1; ; look++)
        {
            var store = leadership.Store;
            var seen = await engine.FindAsync(happened.RunnerId, cancellationToken);
            if (await store.GetAsync(happened.RunnerId, cancellationToken) is not { } record)
            {
                return;
            }

            await CompareAsync(store, record, seen, cancellationToken);
            if (look == looks || seen is not { Running: true })
            {
                return;
            }

            await _looks.WaitAsync(look, cancellationToken);
        }
    }

    private async Task CompareAsync(IRunnerStore store, Runner record, ObservedRunner? seen, CancellationToken cancellationToken)
    {
        switch (record.State)
        {
            case RunnerState.Creating:
                // Its creator's until its deadline, then the reaper's.
                return;

            case RunnerState.Removing:
                if (!remover.IsRemoving(record.Id))
                {
                    await TryRemoveAsync(record, "its removal was not finished", cancellationToken);
                }

                return;
        }

        // The listing is older than the record: check again before ending anything.
        if (seen is not { Running: true })
        {
            seen = await engine.FindAsync(record.Id, cancellationToken);
        }

        if (seen is null)
        {
            await EndAsync(store, record, "its container is gone", cancellationToken);
        }
        else if (!seen.Running)
        {
            await EndAsync(store, record, "its container died", cancellationToken);
        }
        else if (record.Placement is { } recorded && HasMoved(recorded, seen.Placement))
        {
            await EndAsync(store, record, "its container was restarted or lost its network", cancellationToken);
        }
        else if (seen.Paused && record.State == RunnerState.Idle)
        {
            await EndAsync(store, record, "its container was paused", cancellationToken);
        }
        else
        {
            if (seen.Paused)
            {
                LogThawing(record.Id, Owner.NameOf(record.Owner));
                await engine.ThawAsync(seen.Placement.Handle, cancellationToken);
            }

            if (seen.Owner != record.Owner && record.Owner?.Kind != OwnerKind.Unknown)
            {
                teller.Tell(record);
            }
        }
    }

    // A restart publishes another port; an address that is gone was disconnected. Another address behind the same port serves.
    private static bool HasMoved(RunnerPlacement recorded, RunnerPlacement seen) =>
        seen.Port != recorded.Port || (recorded.Address is not null && seen.Address is null);

    private async Task EndAsync(IRunnerStore store, Runner record, string reason, CancellationToken cancellationToken)
    {
        if (await store.BeginRemoveAsync(record.Id, record.Fence, cancellationToken) is { } removing)
        {
            LogEnding(record.Id, record.State, Owner.NameOf(record.Owner), reason);
            await TryRemoveAsync(removing, reason, cancellationToken);
        }
    }

    private async Task TryRemoveAsync(Runner removing, string reason, CancellationToken cancellationToken)
    {
        try
        {
            await remover.RemoveAsync(removing, reason, cancellationToken);
        }
        catch (EngineException e) when (e is not EngineUnavailableException)
        {
            // A runner that can't be removed must not block the others; it is retried.
        }

        signals.Changed(removing.Template);
    }

    private static string? WhyOutdated(Runner record, Wanted? wanted) => record.State != RunnerState.Idle ? null
        : wanted is null ? "its template is not configured"
        : record.Plan != wanted.Plan ? "its template's settings were changed"
        : wanted.ImageId is { } image && record.Placement!.ImageId != image ? ImageReplaced
        : null;

    private sealed record Wanted(string Plan, string? ImageId);

    [LoggerMessage(1060, LogLevel.Warning, "Engine or store unreachable, reconciliation paused: {Cause}")]
    private partial void LogLost(string cause);

    [LoggerMessage(1061, LogLevel.Information, "Engine and store reachable again, and in agreement")]
    private partial void LogFound();

    [LoggerMessage(1062, LogLevel.Information, "Engine events ended, reconnecting: {Cause}")]
    private partial void LogWatchLost(string cause);

    [LoggerMessage(1063, LogLevel.Warning, "Runner {Runner} ran out of memory")]
    private partial void LogOutOfMemory(string runner);

    [LoggerMessage(1065, LogLevel.Warning, "Runner {Runner} of {Owner} was paused from outside; thawing it")]
    private partial void LogThawing(string runner, string owner);

    [LoggerMessage(1064, LogLevel.Information, "Ending {State} runner {Runner} of {Owner}: {Reason}")]
    private partial void LogEnding(string runner, RunnerState state, string owner, string reason);
}
