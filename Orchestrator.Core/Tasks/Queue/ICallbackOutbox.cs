using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>A callback that is due, claimed for delivery.</summary>
/// <param name="Task">The ended task whose <see cref="TaskSpecification.Callback"/> it is.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="Age">How long ago the task ended, by the store's clock.</param>
/// <param name="Fence">The right to settle this attempt.</param>
public sealed record DueCallback(TaskRecord Task, int Attempt, TimeSpan Age, long Fence);

/// <summary>The result of a claim of callbacks.</summary>
/// <param name="Callbacks">The due callbacks.</param>
/// <param name="NextDue">If none is due: how long until the next one; null when there is none.</param>
public readonly record struct CallbackBatch(IReadOnlyList<DueCallback> Callbacks, TimeSpan? NextDue);

/// <summary>
/// The ends of tasks that are still to be reported. An entry is written in the same step as the task's end, and is as
/// durable as the queue. Delivery is at least once. Calls throw <see cref="StoreUnavailableException"/> when the store is
/// unreachable.
/// </summary>
public interface ICallbackOutbox
{
    /// <summary>Claims callbacks that are due; one that is not settled within <paramref name="visibility"/> is due again.</summary>
    ValueTask<CallbackBatch> ClaimCallbacksAsync(int count, TimeSpan visibility, CancellationToken cancellationToken);

    /// <summary>Ends a delivery attempt.</summary>
    /// <param name="callback">The callback that was claimed.</param>
    /// <param name="retryAfter">When to retry; null when it was delivered, or failed for good.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False when another worker has claimed it since.</returns>
    ValueTask<bool> SettleCallbackAsync(DueCallback callback, TimeSpan? retryAfter, CancellationToken cancellationToken);
}
