namespace Orchestrator.Guest.Serving;

/// <summary>Makes every thread that the server will ever want, before there is code that could take all process ids:
/// the runtime ends when it cannot make one. How many workers there are, and that they stay, is set in the project.</summary>
internal static class ReservedThreads
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Waits, five seconds at most, until all are there.</summary>
    public static void Make()
    {
        ThreadPool.GetMinThreads(out var workers, out _);
        var timed = new ManualResetEventSlim();
        using var timer = new Timer(_ => timed.Set(), null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        var missing = new CountdownEvent(workers);
        for (var worker = 0; worker < workers; worker++)
        {
            // Whoever has come waits for the others, so that each is another thread.
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
        // Its call comes on a worker, so nothing that holds one may wait for it.
        timed.Wait(Limit);
    }
}
