using System.Collections.Concurrent;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// Does what a call sets going a moment after the call was answered: it wakes threads, for which the answer would have to
/// wait. What comes within that moment is done together, in order.
/// </summary>
internal sealed class Afterwards : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<Action> _queue = new();
    private readonly ITimer _timer;
    private int _set;

    public Afterwards(TimeProvider time) => _timer = time.CreateTimer(_ => Run(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Has something done; it has to be quick and must not throw.</summary>
    public void Do(Action action)
    {
        _queue.Enqueue(action);
        if (Interlocked.Exchange(ref _set, 1) == 0)
        {
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Does what is left.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Run();
    }

    private void Run()
    {
        Interlocked.Exchange(ref _set, 0);
        while (_queue.TryDequeue(out var action))
        {
            action();
        }
    }
}
