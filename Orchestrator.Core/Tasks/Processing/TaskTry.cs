using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Why a try was told to end.</summary>
internal enum TryEnd
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Its time is up.</summary>
    TimeUp,

    /// <summary>Its claim is somebody else's now, or nobody's.</summary>
    ClaimLost,

    /// <summary>The worker stops.</summary>
    Stopping,
}

/// <summary>A try that this worker makes.</summary>
internal sealed class TaskTry(ClaimedTask task, TimeSpan timeLimit, long startedAt) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private int _reason;
    private int _slotGiven;

    public ClaimedTask Task { get; } = task;

    public TimeSpan TimeLimit { get; } = timeLimit;

    /// <summary>The worker's timestamp at which it began.</summary>
    public long StartedAt { get; } = startedAt;

    public CancellationToken Token => _end.Token;

    public TryEnd Reason => (TryEnd)Volatile.Read(ref _reason);

    /// <summary>Tells the handler to end; the first reason stays.</summary>
    public void End(TryEnd reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)TryEnd.None) != (int)TryEnd.None)
        {
            return;
        }

        try
        {
            // Handlers' own callbacks run here and must not hold the loop up.
            _ = _end.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    /// <summary>Whether it has given its slot back: what is left to do is to write its end down.</summary>
    public bool HasEnded => Volatile.Read(ref _slotGiven) != 0;

    /// <summary>Gives its slot back, once: when its handler ends, or when it has hung for too long.</summary>
    public bool GiveSlot() => Interlocked.Exchange(ref _slotGiven, 1) == 0;

    public void Dispose() => _end.Dispose();
}
