namespace Orchestrator.Guest.Serving;

/// <summary>Creates every thread that the server will ever need, before there is code that could take all process ids:
/// the runtime ends when it cannot create one. The number of workers, and that they stay, is set in the project.</summary>
internal static class ReservedThreads
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Waits, five seconds at most, until all exist.</summary>
    public static void Make()
    {
        ThreadPool.GetMinThreads(out var workers, out _);
        var timed = new ManualResetEventSlim();
        using var timer = new Timer(_ => timed.Set(), null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        var missing = new CountdownEvent(workers);
        for (var worker = 0; worker < workers; worker++)
        {
            // Each one waits for the others, so that each is another thread.
            ThreadPool.UnsafeQueueUserWorkItem(
                static missing =>
                {
                    missing.Signal();
                    missing.Wait(Limit);
                },
                missing,
                preferLocal: false);
        }

        missing.Wait(Limit);
        // The timer calls on a worker, so no code that holds one may wait for it.
        timed.Wait(Limit);
    }
}
