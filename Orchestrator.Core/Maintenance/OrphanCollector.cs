using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Tends to runners of ours that the engine has and the store does not know, after the store was lost or a crash: a
/// session's lives on, a machine is kept, what is dead goes at once and the rest after its grace.
/// </summary>
internal sealed partial class OrphanKeeper(
    IRunnerEngine engine,
    RunnerRemover remover,
    RunnerTemplates templates,
    RunnersOptions options,
    TimeProvider time,
    ILogger<OrphanKeeper> logger)
{
    private readonly TimeSpan _grace = TimeSpan.FromSeconds(options.OrphanGraceSeconds);
    private Dictionary<string, long> _since = new(StringComparer.Ordinal);

    /// <summary>Begins anew: whoever is an orphan is one from the next look on.</summary>
    public void Forget() => _since = new(StringComparer.Ordinal);

    /// <summary>Tends to everything unknown of one listing; who is not in it is an orphan no more.</summary>
    public async Task TendAsync(IRunnerStore store, IEnumerable<ObservedRunner> unknown, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var since = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var listed in unknown)
        {
            // The listing may be older than the record's end: look once more at both.
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

    // On record first, as every removal: whoever leads by then is told, and an instance that does not is refused. Without
    // its port, which may be somebody else's by now.
    private async Task RemoveAsync(IRunnerStore store, ObservedRunner seen, CancellationToken cancellationToken)
    {
        var reason = seen.Running ? "orphaned for longer than the grace period" : "dead";
        LogRemoving(seen.RunnerId, reason);
        var found = Found(seen, seen.Placement with { HostPort = null });
        var nobody = new Owner(OwnerKind.Unknown, seen.RunnerId);
        if (await store.AdoptAsync(found, nobody, TimeSpan.Zero, cancellationToken) is not { } adopted
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
            // The others are tended to all the same; this one is tried again.
            LogNotRemoved(seen.RunnerId, e.Message);
        }
    }

    private async Task<bool> TryAdoptAsync(IRunnerStore store, ObservedRunner seen, CancellationToken cancellationToken)
    {
        // Without its port it was never finished, and would be of no use to its owner.
        var finished = seen.Network == RunnerNetwork.None || seen.Placement.HostPort is not null;
        if (!seen.Running || !finished || templates.Find(seen.Template) is not { } template)
        {
            return false;
        }

        Owner? owner = template.Name == MachinesOptions.TemplateName ? new Owner(OwnerKind.Unknown, seen.RunnerId)
            : seen.Owner is { Kind: OwnerKind.Session } told ? told
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
        EngineId = engine.GroupId,
        State = RunnerState.Leased,
        Fence = 0,
        CreatedAt = seen.CreatedAt,
        Network = seen.Network,
        HostPort = placement.HostPort,
        Placement = placement,
    };

    [LoggerMessage(1070, LogLevel.Warning, "Runner {Runner} was not in the store; it goes on as that of {Owner}")]
    private partial void LogAdopted(string runner, Owner owner);

    [LoggerMessage(1071, LogLevel.Warning, "Removing runner {Runner} that the store does not know: {Reason}")]
    private partial void LogRemoving(string runner, string reason);

    [LoggerMessage(1072, LogLevel.Warning, "Runner {Runner} could not be removed, the next look tries again: {Cause}")]
    private partial void LogNotRemoved(string runner, string cause);
}
