using System.Collections.Concurrent;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>
/// The attempts of one worker. Each takes a slot while its handler runs, then a place at the store while its end is
/// written; there are as many places as slots, so a slow store leaves at most two claims per slot open.
/// </summary>
/// <param name="count">How many slots there are.</param>
#pragma warning disable CA1001 // A handler that hangs outlives the processor; semaphores without wait handles hold nothing to dispose of.
internal sealed class AttemptSlots(int count)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _slots = new(count);
    private readonly SemaphoreSlim _places = new(count);
    private readonly ConcurrentDictionary<TaskClaim, TaskAttempt> _attempts = new();

    public int Count => count;

    /// <summary>The number of running handlers.</summary>
    public int Busy => Attempts.Count(attempt => !attempt.IsHandled);

    /// <summary>The unsettled attempts, with running or ended handlers.</summary>
    public IEnumerable<TaskAttempt> Attempts => _attempts.Select(entry => entry.Value);

    /// <summary>
    /// Waits for a free slot and takes the free ones, up to half: the store finds the other half's tasks at the same time.
    /// </summary>
    /// <returns>How many slots were taken, at least 1.</returns>
    public async ValueTask<int> TakeAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        var taken = 1;
        while (taken < (count + 1) / 2 && _slots.Wait(0, CancellationToken.None))
        {
            taken++;
        }

        return taken;
    }

    /// <summary>Returns slots for which there was no task.</summary>
    public void Return(int unused)
    {
        if (unused > 0)
        {
            _slots.Release(unused);
        }
    }

    /// <summary>Puts an attempt into a taken slot.</summary>
    public void Add(TaskAttempt attempt) => _attempts[attempt.Task.Claim] = attempt;

    /// <summary>Moves an attempt whose handler has ended from its slot to a place at the store.</summary>
    public async Task BeginSettlingAsync(TaskAttempt attempt)
    {
        attempt.SetHandled();
        await _places.WaitAsync();
        GiveSlot(attempt);
    }

    /// <summary>Ends the settling that <see cref="BeginSettlingAsync"/> began.</summary>
    public void EndSettling(TaskAttempt attempt)
    {
        _places.Release();
        _attempts.TryRemove(attempt.Task.Claim, out _);
        attempt.SetSettled();
    }

    /// <summary>Drops an attempt whose handler does not end, since others need its slot.</summary>
    public void Abandon(TaskAttempt attempt)
    {
        GiveSlot(attempt);
        _attempts.TryRemove(attempt.Task.Claim, out _);
    }

    private void GiveSlot(TaskAttempt attempt)
    {
        if (attempt.GiveSlot())
        {
            _slots.Release();
        }
    }
}
