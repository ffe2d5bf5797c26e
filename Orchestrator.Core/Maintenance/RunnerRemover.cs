using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Ends runners that were taken out of use: first the container, then the record, so that a crash in between leaves a
/// record of the remaining work. One removal of a runner at a time; later callers join it.
/// </summary>
public sealed partial class RunnerRemover(
    IRunnerEngine engine, IRunnerStore store, IGuests guests, RunnerSignals signals, TimeProvider time, ILogger<RunnerRemover> logger)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<bool>>> _removals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _announced = new(StringComparer.Ordinal);

    /// <summary>Whether this instance is removing the runner, or is about to.</summary>
    public bool IsRemoving(string runnerId) => _removals.ContainsKey(runnerId) || _announced.ContainsKey(runnerId);

    /// <summary>
    /// Announces that a runner is about to be taken out of use and removed, so that others who find it so in the store know
    /// by whom; dispose the result when that is done.
    /// </summary>
    public IDisposable Announce(string runnerId)
    {
        _announced.AddOrUpdate(runnerId, 1, (_, count) => count + 1);
        return new Announcement(this, runnerId);
    }

    /// <summary>
    /// Removes a runner in state <see cref="RunnerState.Removing"/>. Continues when the caller stops waiting. If the
    /// engine or the store fails, the record stays and the reconciler retries.
    /// </summary>
    /// <returns>False when its record was gone already: another call had removed it.</returns>
    public Task<bool> RemoveAsync(Runner removing, string reason, CancellationToken cancellationToken)
    {
        var removal = _removals.GetOrAdd(removing.Id, _ => new Lazy<Task<bool>>(() => Task.Run(() => RemoveAsync(removing, reason), CancellationToken.None)));
        return removal.Value.WaitAsync(cancellationToken);
    }

    private async Task<bool> RemoveAsync(Runner removing, string reason)
    {
        using var activity = OrchestratorTelemetry.Source.StartActivity("runner.remove");
        activity?.SetTag("runner", removing.Id);
        var started = time.GetTimestamp();
        try
        {
            await engine.AskToEndAsync(removing, CancellationToken.None);
            await engine.RemoveAsync(removing.Id, removing.Placement?.Handle, CancellationToken.None);
            guests.Forget(removing.Id);
            var ended = await store.DeleteAsync(removing.Id, removing.Fence, CancellationToken.None);
            LogRemoved(removing.Id, Owner.NameOf(removing.Owner), reason, time.GetElapsedTime(started).TotalMilliseconds);
            return ended;
        }
        catch (Exception e)
        {
            LogRemovalFailed(removing.Id, reason, e.Message);
            throw;
        }
        finally
        {
            _removals.TryRemove(removing.Id, out _);
            signals.Changed(removing.Template);
        }
    }

    private sealed class Announcement(RunnerRemover remover, string runnerId) : IDisposable
    {
        public void Dispose()
        {
            // Removed with the last one; counted, since calls that will be refused announce themselves too.
            if (remover._announced.AddOrUpdate(runnerId, 0, (_, count) => count - 1) == 0)
            {
                remover._announced.TryRemove(new KeyValuePair<string, int>(runnerId, 0));
            }
        }
    }

    [LoggerMessage(1000, LogLevel.Information, "Removed runner {Runner} of {Owner}: {Reason}, in {Milliseconds:F1} ms")]
    private partial void LogRemoved(string runner, string owner, string reason, double milliseconds);

    [LoggerMessage(1001, LogLevel.Warning, "Runner {Runner} not removed ({Reason}), left to the reconciler: {Cause}")]
    private partial void LogRemovalFailed(string runner, string reason, string cause);
}
