using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Adopts or removes orphans, runners of ours that the engine has and the store does not know after a crash or the loss of
/// the store: a session's and a machine are adopted, dead ones removed at once, all others after the grace period.
/// </summary>
internal sealed partial class OrphanCollector(
    IRunnerEngine engine,
    RunnerRemover remover,
    RunnerTemplates templates,
    RunnersOptions options,
    TimeProvider time,
    ILogger<OrphanCollector> logger)
{
    private readonly TimeSpan _grace = TimeSpan.FromSeconds(options.OrphanGraceSeconds);
    private Dictionary<string, long> _since = new(StringComparer.Ordinal);

    /// <summary>Restarts every grace period at the next look.</summary>
    public void Forget() => _since = new(StringComparer.Ordinal);

    /// <summary>Handles the unknown runners of one listing; a runner missing from it is no longer an orphan.</summary>
    public async Task CollectAsync(IRunnerStore store, IEnumerable<ObservedRunner> unknown, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var since = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var listed in unknown)
        {
            // The listing may be older than the record's end: check both again.
            if (await engine.FindAsync(listed.RunnerId, cancellationToken) is not { } seen
                || await store.GetAsync(listed.RunnerId, cancellationToken) is not null
                || await TryAdoptAsync(store, seen, cancellationToken))
            {
                continue;
            }

            var first = _since.GetValueOrDefault(seen.RunnerId, now);
            if (!seen.Running || time.GetElapsedTime(first, now) >= _grace)
            {
                await RemoveAsync(store, seen, cancellationToken);
            }

            since[seen.RunnerId] = first;
        }

        _since = since;
    }

    // Recorded first, like every removal: the store refuses an instance that no longer leads, and the next leader finds the
    // remaining work. Without its port, which another runner may hold by now.
    private async Task RemoveAsync(IRunnerStore store, ObservedRunner seen, CancellationToken cancellationToken)
    {
        var reason = seen.Running ? "orphaned for longer than the grace period" : "dead";
        LogRemoving(seen.RunnerId, reason);
        var found = Found(seen, seen.Placement with { Port = null });
        var unowned = new Owner(seen.Owner?.Tenant ?? Tenant.Default, OwnerKind.Unknown, seen.RunnerId);
        if (await store.AdoptAsync(found, unowned, TimeSpan.Zero, cancellationToken) is not { } adopted
            || await store.BeginRemoveAsync(adopted.Id, adopted.Fence, cancellationToken) is not { } removing)
        {
            return;
        }

        try
        {
            await remover.RemoveAsync(removing, reason, cancellationToken);
        }
        catch (EngineException e) when (e is not EngineUnavailableException)
        {
            // The next round retries this one; the others need not wait for it.
            LogNotRemoved(seen.RunnerId, e.Message);
        }
    }

    private async Task<bool> TryAdoptAsync(IRunnerStore store, ObservedRunner seen, CancellationToken cancellationToken)
    {
        // A runner without its port never finished its start, and is useless to its owner.
        var finished = seen.Network == RunnerNetwork.None || seen.Placement.Port is not null;
        if (!seen.Running || !finished || templates.Find(seen.Template) is not { } template)
        {
            return false;
        }

        Owner? owner = template.Name == MachinesOptions.TemplateName ? new Owner(seen.Owner?.Tenant ?? Tenant.Default, OwnerKind.Unknown, seen.RunnerId)
            : seen.Owner is { Kind: OwnerKind.Session } session ? session
            : null;
        if (owner is null)
        {
            return false;
        }

        if (await store.AdoptAsync(Found(seen, seen.Placement), owner.Value, template.LeaseTime, cancellationToken) is null)
        {
            return false;
        }

        LogAdopted(seen.RunnerId, owner.Value);
        return true;
    }

    private Runner Found(ObservedRunner seen, RunnerPlacement placement) => new()
    {
        Id = seen.RunnerId,
        Template = seen.Template,
        Instance = engine.Instance,
        State = RunnerState.Leased,
        Fence = 0,
        CreatedAt = seen.CreatedAt,
        Plan = seen.Plan,
        Network = seen.Network,
        Port = placement.Port,
        Placement = placement,
    };

    [LoggerMessage(1070, LogLevel.Warning, "Adopted runner {Runner} of {Owner}, which the store did not know")]
    private partial void LogAdopted(string runner, Owner owner);

    [LoggerMessage(1071, LogLevel.Warning, "Removing runner {Runner} that the store does not know: {Reason}")]
    private partial void LogRemoving(string runner, string reason);

    [LoggerMessage(1072, LogLevel.Warning, "Runner {Runner} not removed, retrying in the next round: {Cause}")]
    private partial void LogNotRemoved(string runner, string cause);
}
