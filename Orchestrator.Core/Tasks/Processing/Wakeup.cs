namespace Orchestrator.Core.Tasks.Processing;

/// <summary>A wake-up call that is kept until it is received. For one waiter and any number of callers.</summary>
internal sealed class Wakeup(TimeProvider time)
{
    private TaskCompletionSource _called = Fresh();

    public void Call() => Volatile.Read(ref _called).TrySetResult();

    /// <summary>Waits for a call since the last wait ended, at most so long.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var called = Volatile.Read(ref _called).Task;
        if (!called.IsCompleted && atMost > TimeSpan.Zero)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(called, Task.Delay(atMost, time, over.Token));
            await over.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (!called.IsCompleted)
        {
            return false;
        }

        Volatile.Write(ref _called, Fresh());
        return true;
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
