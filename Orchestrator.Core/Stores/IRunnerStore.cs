namespace Orchestrator.Core.Stores;

/// <summary>
/// Which owner has which runner, and until when: the truth about ownership and expiry. Every call is atomic and, once
/// answered, durable against the death of any process. Every change names the fence it saw and is refused when the
/// runner has changed since. Deadlines are computed and compared by the store's own clock; callers give durations.
/// </summary>
/// <remarks>
/// The store itself guarantees, whatever its callers do: a runner has at most one owner, an owner at most one runner of a
/// template, a reserved port at most one runner of an instance. Calls throw <see cref="StoreUnavailableException"/> when
/// the store is unreachable.
/// </remarks>
public interface IRunnerStore
{
    /// <summary>
    /// Gives an owner a runner, in one step: its current one, in any state; else, with
    /// <see cref="ClaimRequest.FromPool"/>, the longest idle one of the template and plan; else a reservation in state
    /// <see cref="RunnerState.Creating"/>; or nothing when the template's limit is reached.
    /// </summary>
    ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Reserves a runner for the pool (<see cref="RunnerState.Creating"/>, no owner); null when idle and reserved ones
    /// together have reached <paramref name="target"/>.
    /// </summary>
    ValueTask<Runner?> ReserveIdleAsync(Reservation reservation, int target, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a reservation the next free port above <paramref name="taken"/>, which another process holds;
    /// null when the fence is stale or ports have run out.
    /// </summary>
    ValueTask<Runner?> MovePortAsync(string runnerId, long fence, int taken, CancellationToken cancellationToken);

    /// <summary>
    /// Completes a reservation: the runner is leased to its owner for <paramref name="leaseTime"/> (null: for ever),
    /// or idle without one. Null when the fence is stale; the caller then removes what it started.
    /// </summary>
    ValueTask<Runner?> AttachAsync(string runnerId, long fence, RunnerPlacement placement, TimeSpan? leaseTime, CancellationToken cancellationToken);

    /// <summary>A heartbeat: the lease lives for <paramref name="leaseTime"/> from now. Null when it has no leased runner.</summary>
    ValueTask<Runner?> TouchAsync(string template, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken);

    /// <summary>
    /// Activity that the runner itself reports: the deadline moves to <paramref name="leaseTime"/> after that activity, but no
    /// further than <paramref name="maxExtension"/> beyond the deadline set by the owner's last contact. Refused (false)
    /// when fence or deadline have changed, or the deadline would not move.
    /// </summary>
    ValueTask<bool> ExtendAsync(Runner seen, TimeSpan idleFor, TimeSpan leaseTime, TimeSpan maxExtension, CancellationToken cancellationToken);

    /// <summary>
    /// Leased and creating runners of an instance whose deadline has passed. Answers after all changes requested before it,
    /// so that no heartbeat is missed that the store was slow to write.
    /// </summary>
    ValueTask<IReadOnlyList<Runner>> ListExpiredAsync(string instance, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an expired runner out of use (<see cref="RunnerState.Removing"/>), if its fence and deadline are unchanged and
    /// that deadline has passed; else null.
    /// </summary>
    ValueTask<Runner?> ExpireAsync(Runner seen, CancellationToken cancellationToken);

    /// <summary>Takes a runner out of use (<see cref="RunnerState.Removing"/>); null when the fence is stale.</summary>
    ValueTask<Runner?> BeginRemoveAsync(string runnerId, long fence, CancellationToken cancellationToken);

    /// <summary>Returns a leased runner to the pool, without owner; null when the fence is stale.</summary>
    ValueTask<Runner?> ReturnAsync(string runnerId, long fence, CancellationToken cancellationToken);

    /// <summary>Deletes a runner's record; false when the fence is stale.</summary>
    ValueTask<bool> DeleteAsync(string runnerId, long fence, CancellationToken cancellationToken);

    /// <summary>
    /// Adopts a running runner that the store does not know, leased to <paramref name="owner"/> for
    /// <paramref name="leaseTime"/>; null when its id, its owner's place or its port is known already.
    /// </summary>
    ValueTask<Runner?> AdoptAsync(Runner runner, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken);

    /// <summary>
    /// Extends every live lease of a template to one full <paramref name="leaseTime"/> from now, except those without expiry.
    /// </summary>
    /// <returns>How many leases there were.</returns>
    ValueTask<int> RenewAllAsync(string instance, string template, TimeSpan leaseTime, CancellationToken cancellationToken);

    /// <summary>The runner of that id; null when there is none.</summary>
    ValueTask<Runner?> GetAsync(string runnerId, CancellationToken cancellationToken);

    /// <summary>The runner that an owner has of a template, in any state; null when it has none.</summary>
    ValueTask<Runner?> FindAsync(string template, Owner owner, CancellationToken cancellationToken);

    /// <summary>Every runner of an instance, oldest first.</summary>
    ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, CancellationToken cancellationToken);

    /// <summary>The runners of an instance that a tenant's owners have, in any state, oldest first.</summary>
    ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, Tenant tenant, CancellationToken cancellationToken);

    /// <summary>How many runners of a template an instance has, by state.</summary>
    ValueTask<PoolCounts> CountAsync(string instance, string template, CancellationToken cancellationToken);

    /// <summary>Shows that the store takes a write, by one that no other call sees.</summary>
    ValueTask TestWriteAsync(CancellationToken cancellationToken);
}
