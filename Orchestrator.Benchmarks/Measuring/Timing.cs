using System.Diagnostics;

namespace Orchestrator.Benchmarks.Measuring;

internal static class Timing
{
    /// <summary>Runs something and adds how long it took.</summary>
    public static async Task TimeAsync(this Samples samples, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        samples.Add(Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Runs something and adds how many microseconds it took.</summary>
    public static async Task TimeInMicrosecondsAsync(this Samples samples, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        samples.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
    }
}
