using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

public static class Assertions
{
    /// <summary>The task is under way, and ends as cancelled within a quarter of a second after the signal.</summary>
    public static async Task CancelsAsync(CancellationTokenSource source, Task task)
    {
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(task.IsCompleted, "It ended before it was cancelled.");
        var watch = Stopwatch.StartNew();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 250);
    }
}
