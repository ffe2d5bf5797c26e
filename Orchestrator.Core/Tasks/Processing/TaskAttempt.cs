using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Why an attempt's handler is cancelled.</summary>
internal enum AttemptEnd
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It timed out.</summary>
    TimeUp,

    /// <summary>Its claim is void.</summary>
    ClaimLost,

    /// <summary>The worker stops.</summary>
    Stopping,
}

/// <summary>This worker's attempt at a task.</summary>
internal sealed class TaskAttempt(ClaimedTask task, TimeSpan timeLimit, long startedAt) : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reason;
    private int _slotGiven;
    private volatile bool _handled;

    public ClaimedTask Task { get; } = task;

    public TimeSpan TimeLimit { get; } = timeLimit;

    /// <summary>The worker's timestamp at which it began.</summary>
    public long StartedAt { get; } = startedAt;

    public CancellationToken Token => _cancellation.Token;

    public AttemptEnd Reason => (AttemptEnd)Volatile.Read(ref _reason);

    /// <summary>Whether its handler has ended, so that only its end remains to be written.</summary>
    public bool IsHandled => _handled;

    /// <summary>Completes when nothing remains to be done.</summary>
    public Task Settled => _settled.Task;

    public void SetHandled() => _handled = true;

    public void SetSettled() => _settled.TrySetResult();

    /// <summary>Whether this call is the first: its slot may be freed once.</summary>
    public bool GiveSlot() => Interlocked.Exchange(ref _slotGiven, 1) == 0;

    /// <summary>Cancels the handler; the first reason stays.</summary>
    public void Cancel(AttemptEnd reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)AttemptEnd.None) != (int)AttemptEnd.None)
        {
            return;
        }

        try
        {
            // Handlers' own callbacks run here and must not hold the caller up.
            _ = _cancellation.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has ended in the meantime.
        }
    }

    public void Dispose() => _cancellation.Dispose();
}
