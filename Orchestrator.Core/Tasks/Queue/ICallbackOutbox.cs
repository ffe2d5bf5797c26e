using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>A callback that is due, claimed for delivery.</summary>
/// <param name="Task">The ended task whose <see cref="TaskSpecification.Callback"/> it is.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="Age">How long ago the task ended, by the store's clock.</param>
/// <param name="Fence">The right to settle this attempt.</param>
public sealed record DueCallback(TaskRecord Task, int Attempt, TimeSpan Age, long Fence);

/// <summary>What a claim of callbacks got.</summary>
/// <param name="Callbacks">Those that are due.</param>
/// <param name="NextDue">When none is: how long until the next one; null when there is none.</param>
public readonly record struct CallbackBatch(IReadOnlyList<DueCallback> Callbacks, TimeSpan? NextDue);

/// <summary>
/// The ends of tasks that have still to be told. An entry comes into being in the same step as the task's end, and
/// survives what the queue survives. Delivery is at least once. Calls throw <see cref="StoreUnavailableException"/>
/// when the store can't be reached.
/// </summary>
public interface ICallbackOutbox
{
    /// <summary>Takes callbacks that are due; one that is not settled within <paramref name="visibility"/> is due again.</summary>
    ValueTask<CallbackBatch> ClaimCallbacksAsync(int count, TimeSpan visibility, CancellationToken cancellationToken);

    /// <summary>Ends an attempt to deliver.</summary>
    /// <param name="callback">The callback that was claimed.</param>
    /// <param name="retryAfter">When to attempt again; null when it was delivered, or is given up.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False when somebody else has claimed it since.</returns>
    ValueTask<bool> SettleCallbackAsync(DueCallback callback, TimeSpan? retryAfter, CancellationToken cancellationToken);
}
