using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>
/// The durable queue of tasks. Every call is atomic and, once answered, durable against the death of any process.
/// Delivery is at least once; a task's end is written once: an attempt is ended by its claim, and a void claim changes
/// nothing. Times are computed and compared by the store's own clock. Concurrent calls share round trips.
/// </summary>
/// <remarks>
/// Calls throw <see cref="StoreUnavailableException"/> when the store is unreachable or does not answer in time; the call
/// may then have taken effect or not. All but enqueue, claim and retry can be repeated without harm.
/// </remarks>
public interface ITaskQueue
{
    /// <summary>Adds a task, or finds the one with its idempotency key.</summary>
    /// <exception cref="TaskQueueFullException">As many tasks as allowed are pending, or they and kept ones hold as many bytes as allowed; nothing was added.</exception>
    ValueTask<EnqueueResult> EnqueueAsync(TaskSpecification spec, CancellationToken cancellationToken);

    /// <summary>
    /// Claims up to <paramref name="count"/> tasks, first come first served, each for <paramref name="visibility"/>.
    /// An expired claim holds until the next call of this method: then its task is the next one, or has failed after its last attempt.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than one.</exception>
    ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken);

    /// <summary>Extends claims to <paramref name="visibility"/> from now.</summary>
    /// <returns>For each claim whether it still holds.</returns>
    ValueTask<IReadOnlyList<bool>> ExtendAsync(IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken);

    /// <summary>Completes a task. True as well when this very claim has completed it before.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="result">The result as JSON text.</param>
    /// <param name="cancellationToken">Stops waiting; the result may be written nevertheless.</param>
    /// <returns>False when the claim was void; nothing was changed.</returns>
    ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken);

    /// <summary>Ends an attempt that failed.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="retryAfter">The pause before the next attempt, if there are any left; null to fail for good.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken);

    /// <summary>Releases a task as if it had not been claimed; it is the next one to be claimed.</summary>
    /// <returns>False when the claim was void.</returns>
    ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken);

    /// <summary>The task of that id; null when there is none, or it was purged.</summary>
    ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>
    /// A page of the tasks, newest first: those that ended, where only they are asked for, by their end, all others by their
    /// creation.
    /// </summary>
    ValueTask<TaskPage> ListAsync(TaskQuery query, CancellationToken cancellationToken);

    /// <summary>Cancels a pending task; <see cref="TaskChange.Refused"/> in any other state.</summary>
    ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>Retries a failed task, with all its attempts; <see cref="TaskChange.Refused"/> in any other state.</summary>
    ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>The number of tasks by type and state; zeros may be left out.</summary>
    ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Deletes finished tasks past their retention, with their idempotency keys, some thousands at a time.
    /// A task whose end is still to be reported stays.
    /// </summary>
    /// <returns>How many were deleted.</returns>
    ValueTask<int> PurgeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Calls <paramref name="wake"/> whenever there may be a task to claim or a callback to deliver: a hint that can be
    /// spurious and, when a connection breaks, be lost; after a reconnect it comes once. It must be quick.
    /// </summary>
    /// <returns>Ends the subscription.</returns>
    IDisposable OnWork(Action wake);

    /// <summary>Pings the store.</summary>
    ValueTask PingAsync(CancellationToken cancellationToken);
}
