using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// Leases runners to owners: the one entry point for sessions, machines and tasks. Calls for one owner are linearizable:
/// concurrent calls end as if made one after the other.
/// </summary>
/// <remarks>
/// A warm claim makes one store call and no engine call. A cold one first reserves the owner's place, so that a crash at
/// any moment leaves a record of the runner being made. Unless stated otherwise calls throw
/// <see cref="StoreUnavailableException"/> and <see cref="EngineUnavailableException"/>, having lost nothing.
/// </remarks>
public sealed partial class RunnerLeases(
    IRunnerEngine engine,
    IRunnerStore store,
    RunnerStarter starter,
    RunnerRemover remover,
    RunnerSignals signals,
    OwnerTeller teller,
    DeferredWork deferred,
    LogFeeds logs,
    TimeProvider time,
    ILogger<RunnerLeases> logger)
{
    private readonly ConcurrentDictionary<string, Task<Runner>> _starts = new(StringComparer.Ordinal);

    /// <summary>The runner that all callers share, leased or being made; null when there is none.</summary>
    public async ValueTask<Runner?> FindSharedAsync(RunnerTemplate template, CancellationToken cancellationToken)
    {
        var runners = await store.ListAsync(engine.Instance, cancellationToken);
        return runners.FirstOrDefault(r => r.Template == template.Name && r.Owner is not null && r.State is RunnerState.Leased or RunnerState.Creating);
    }

    /// <summary>A heartbeat from an owner: extends its lease to one full lease time from now. Durable when answered.</summary>
    /// <returns>Its runner; null when it has no leased one.</returns>
    public ValueTask<Runner?> HeartbeatAsync(RunnerTemplate template, Owner owner, CancellationToken cancellationToken) =>
        store.TouchAsync(template.Name, owner, template.LeaseTime, cancellationToken);

    /// <summary>The runner of an owner, in any state; null when it has none.</summary>
    public ValueTask<Runner?> FindAsync(RunnerTemplate template, Owner owner, CancellationToken cancellationToken) =>
        store.FindAsync(template.Name, owner, cancellationToken);

    /// <summary>Every runner of this orchestrator's engine, oldest first.</summary>
    public ValueTask<IReadOnlyList<Runner>> ListAsync(CancellationToken cancellationToken) =>
        store.ListAsync(engine.Instance, cancellationToken);

    /// <summary>Runs a command in an owner's runner. The lease stays alive while it runs.</summary>
    /// <returns>
    /// How it ended; null when the owner has no leased runner, or the runner died: before <see cref="IExecOutput.BeginAsync"/>
    /// or after it, which the output knows.
    /// </returns>
    public async Task<ExecResult?> ExecAsync(
        RunnerTemplate template, Owner owner, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        if (await HeartbeatAsync(template, owner, cancellationToken) is not { Placement: { } placement } runner)
        {
            return null;
        }

        ExecResult result;
        await using (KeepAlive.While(store, runner, template.LeaseTime, time))
        {
            try
            {
                result = await ExecThawedAsync(placement.Handle, request, output, cancellationToken);
            }
            catch (RunnerGoneException)
            {
                await EndGoneAsync(runner, cancellationToken);
                return null;
            }
        }

        if (result.StillRunning)
        {
            LogCommandEscaped(runner.Id, owner);
            await DestroyAsync(runner, cancellationToken);
        }

        return result;
    }

    /// <summary>Copies the log of an owner's runner.</summary>
    /// <returns>False when the owner has no leased runner.</returns>
    /// <exception cref="LogFollowersException">As many follow it as may.</exception>
    public async Task<bool> CopyLogsAsync(
        RunnerTemplate template, Owner owner, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken)
    {
        if (await FindAsync(template, owner, cancellationToken) is not { State: RunnerState.Leased, Placement: { } placement })
        {
            return false;
        }

        try
        {
            await (follow
                ? logs.FollowAsync(placement.Handle, tail, output, cancellationToken)
                : engine.CopyLogsAsync(placement.Handle, follow, tail, output, cancellationToken));
            return true;
        }
        catch (RunnerGoneException)
        {
            return false;
        }
    }

    // Paused from outside, it would be of no use to its owner.
    private async Task<ExecResult> ExecThawedAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.ExecAsync(handle, request, output, cancellationToken);
        }
        catch (RunnerPausedException)
        {
            await engine.ThawAsync(handle, cancellationToken);
            return await engine.ExecAsync(handle, request, output, cancellationToken);
        }
    }

    [LoggerMessage(1023, LogLevel.Warning, "Command in runner {Runner} of {Owner} timed out, can't be killed alone; removing the runner")]
    private partial void LogCommandEscaped(string runner, Owner owner);
}
