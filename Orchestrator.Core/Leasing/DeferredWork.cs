using System.Collections.Concurrent;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// Does work a moment later, off the path of the call that asked for it. Work that arrives within the same moment is
/// done together, in order.
/// </summary>
public sealed class DeferredWork : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<Action> _queue = new();
    private readonly ITimer _timer;
    private int _set;

    /// <summary>Measures the moment by this clock.</summary>
    public DeferredWork(TimeProvider time) => _timer = time.CreateTimer(_ => Run(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Does this a moment later. It must be quick, and must not throw.</summary>
    public void Do(Action action)
    {
        _queue.Enqueue(action);
        if (Interlocked.Exchange(ref _set, 1) == 0)
        {
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Does the remaining work.</summary>
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
