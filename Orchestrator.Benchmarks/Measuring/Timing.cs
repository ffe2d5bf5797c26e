using System.Diagnostics;

namespace Orchestrator.Benchmarks.Measuring;

internal static class Timing
{
    /// <summary>Times an operation in milliseconds.</summary>
    public static async Task TimeAsync(this Samples samples, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        samples.Add(Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Times an operation in microseconds.</summary>
    public static async Task TimeInMicrosecondsAsync(this Samples samples, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        samples.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
    }
}
