namespace Orchestrator.Core.Tasks;

/// <summary>How long to wait between the tries of something: doubling, up to a longest pause.</summary>
/// <param name="first">The pause after the first try.</param>
/// <param name="longest">The longest pause, jitter aside.</param>
/// <param name="random">Makes each pause a quarter longer or shorter at most; null for none of that.</param>
public sealed class RetryPauses(TimeSpan first, TimeSpan longest, Random? random)
{
    /// <summary>The pause after a try that failed, counted from 1.</summary>
    public TimeSpan After(int attempt)
    {
        var doublings = Math.Min(Math.Max(attempt, 1) - 1, 40);
        var pause = Math.Min(first.TotalSeconds * Math.Pow(2, doublings), longest.TotalSeconds);
        return TimeSpan.FromSeconds(random is null ? pause : pause * (0.75 + (0.5 * random.NextDouble())));
    }
}
