using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
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
    IGuests guests,
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
                result = await ThawedAsync(runner, () => ExecAsync(runner, placement, request, output, cancellationToken), cancellationToken);
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

    /// <summary>
    /// Calls the guest of an owner's runner. The lease stays alive meanwhile. A paused runner is thawed and called again.
    /// </summary>
    /// <exception cref="RunnerGoneException">The owner has no leased runner, or it died.</exception>
    /// <exception cref="GuestMissingException">Its image has no guest, or its token was lost with the store.</exception>
    public async Task<T> CallGuestAsync<T>(
        RunnerTemplate template, Owner owner, Func<IGuest, Task<T>> call, CancellationToken cancellationToken)
    {
        if (await HeartbeatAsync(template, owner, cancellationToken) is not { Placement: not null } runner)
        {
            throw new RunnerGoneException($"{owner} has no runner.");
        }

        await using (KeepAlive.While(store, runner, template.LeaseTime, time))
        {
            try
            {
                var guest = await guests.FindAsync(runner, cancellationToken)
                    ?? throw new GuestMissingException("This runner's image has no guest, or its token was lost with the store.");
                return await ThawedAsync(runner, () => call(guest), cancellationToken);
            }
            catch (RunnerGoneException)
            {
                await EndGoneAsync(runner, cancellationToken);
                throw;
            }
        }
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

    private async Task<ExecResult> ExecAsync(
        Runner runner, RunnerPlacement placement, ExecRequest request, IExecOutput output, CancellationToken cancellationToken) =>
        await guests.FindAsync(runner, cancellationToken) is { } guest
            ? await guest.ExecAsync(request, output, cancellationToken)
            : await engine.ExecAsync(placement.Handle, request, output, cancellationToken);

    // Paused from outside, it would be of no use to its owner.
    private async Task<T> ThawedAsync<T>(Runner runner, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (RunnerPausedException)
        {
            await engine.ThawAsync(runner.Placement!.Handle, cancellationToken);
            return await call();
        }
    }

    [LoggerMessage(1023, LogLevel.Warning, "Command in runner {Runner} of {Owner} timed out, can't be killed alone; removing the runner")]
    private partial void LogCommandEscaped(string runner, Owner owner);
}
