namespace Orchestrator.Guest.Supervision;

/// <summary>The threads of the agent's operations. A number of them is made at the start, before there is code that could
/// take every process id, and kept for when no more can be made.</summary>
#pragma warning disable CA1001 // lives as long as the process
internal sealed class AgentThreads
#pragma warning restore CA1001
{
    private const int StackSize = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = new();
    private readonly SemaphoreSlim _ready = new(0);
    private readonly int _reserved;
    private readonly int _limit;
    private int _idle;
    private int _busy;

    /// <param name="reserved">The number made at the start.</param>
    /// <param name="limit">The number of operations at once.</param>
    public AgentThreads(int reserved, int limit)
    {
        (_reserved, _limit) = (reserved, limit);
        for (var number = 0; number < reserved; number++)
        {
            TryMake();
        }
    }

    /// <summary>Runs the work on a thread of its own.</summary>
    /// <returns>False when there are as many as may be, or no thread can be had.</returns>
    public bool TryRun(Action work)
    {
        lock (_gate)
        {
            if (_busy >= _limit)
            {
                return false;
            }

            // The reserved ones are the last to be taken.
            if (_idle <= _reserved)
            {
                TryMake();
            }

            if (_idle == 0)
            {
                return false;
            }

            _idle--;
            _busy++;
            _work.Enqueue(work);
        }

        _ready.Release();
        return true;
    }

    private void TryMake()
    {
        try
        {
            new Thread(Work, StackSize) { IsBackground = true }.Start();
            _idle++;
        }
        catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
        {
            // Code has taken every process id.
        }
    }

    private void Work()
    {
        do
        {
            _ready.Wait();
            Action work;
            lock (_gate)
            {
                work = _work.Dequeue();
            }

            work();
        }
        while (Rest());
    }

    /// <summary>Whether the thread stays: some more than the reserved ones do, so that not every operation makes one.</summary>
    private bool Rest()
    {
        lock (_gate)
        {
            _busy--;
            if (_idle >= _reserved * 2)
            {
                return false;
            }

            _idle++;
            return true;
        }
    }
}
