namespace Orchestrator.Core.Stores;

/// <summary>
/// Decides which of several instances leads, that is fills an engine's pools, reaps and reconciles. The lock is held for a
/// time by the store's clock; each time that it is taken, a new term begins.
/// </summary>
/// <remarks>
/// A leader that was paused may continue without knowing that another one leads. So it makes its changes through
/// <see cref="MaintenanceTerm.Store"/>, where the store itself compares its term with the current one within every
/// change. Calls to the engine need no fence of their own: a runner is removed only after such a change took it out of
/// use, and one that was reserved by such a change is attached only while its own fence holds.
/// </remarks>
public interface IMaintenanceLock
{
    /// <summary>Takes the lock when it is free, or keeps it for <paramref name="time"/> from now.</summary>
    /// <param name="instance">The instance to lead.</param>
    /// <param name="held">The term that this instance has; null when it has none.</param>
    /// <param name="time">How long it is held without another call.</param>
    /// <param name="cancellationToken">Cancels before the call.</param>
    /// <returns>
    /// The term: the one held, or a new one when that was over. Null while another instance leads.
    /// </returns>
    /// <exception cref="StoreUnavailableException">The store is unreachable.</exception>
    ValueTask<MaintenanceTerm?> HoldAsync(string instance, MaintenanceTerm? held, TimeSpan time, CancellationToken cancellationToken);

    /// <summary>Releases the lock, so that another instance need not wait for its expiry. Does nothing when the term is over.</summary>
    /// <exception cref="StoreUnavailableException">The store is unreachable.</exception>
    ValueTask ReleaseAsync(MaintenanceTerm term, CancellationToken cancellationToken);
}

/// <summary>One time of holding the lock.</summary>
/// <param name="Instance">The instance that is led.</param>
/// <param name="Number">Grows with every term of a store.</param>
/// <param name="Ends">False where no other instance could lead.</param>
/// <param name="Store">
/// The store as the leader sees it: every call is refused with <see cref="LeadershipLostException"/> once the term is over.
/// </param>
public sealed record MaintenanceTerm(string Instance, long Number, bool Ends, IRunnerStore Store);

/// <summary>This instance no longer leads; the store has changed nothing.</summary>
public sealed class LeadershipLostException(string instance, Exception? inner = null)
    : Exception($"Lost leadership of {instance}.", inner);

/// <summary>The lock of a store that belongs to one process: it always leads.</summary>
internal sealed class AlwaysLeading(IRunnerStore store) : IMaintenanceLock
{
    public ValueTask<MaintenanceTerm?> HoldAsync(
        string instance, MaintenanceTerm? held, TimeSpan time, CancellationToken cancellationToken) =>
        ValueTask.FromResult<MaintenanceTerm?>(held ?? new MaintenanceTerm(instance, 0, false, store));

    public ValueTask ReleaseAsync(MaintenanceTerm term, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
