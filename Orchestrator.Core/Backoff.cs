namespace Orchestrator.Core;

/// <summary>The pauses between attempts at something: each twice as long as the one before, up to a cap.</summary>
/// <param name="first">The pause after the first attempt.</param>
/// <param name="cap">The longest pause, jitter aside.</param>
/// <param name="time">The clock by which pauses pass.</param>
/// <param name="jitter">
/// Makes each pause up to a quarter longer or shorter, so that many callers do not come back as one; null for exact pauses.
/// </param>
public sealed class Backoff(TimeSpan first, TimeSpan cap, TimeProvider time, Random? jitter)
{
    // 2^40 times any pause exceeds any cap and still fits a double.
    private const int MostDoublings = 40;

    /// <summary>The pause after a failed attempt.</summary>
    /// <param name="attempt">Which attempt failed, from 1.</param>
    public TimeSpan After(int attempt)
    {
        var doublings = Math.Clamp(attempt - 1, 0, MostDoublings);
        var pause = Math.Min(first.TotalSeconds * Math.Pow(2, doublings), cap.TotalSeconds);
        return TimeSpan.FromSeconds(jitter is null ? pause : pause * (0.75 + (0.5 * jitter.NextDouble())));
    }

    /// <summary>Waits for the pause after a failed attempt.</summary>
    /// <param name="attempt">Which attempt failed, from 1.</param>
    /// <param name="cancellationToken">Ends the pause.</param>
    /// <exception cref="OperationCanceledException">The pause was ended.</exception>
    public Task WaitAsync(int attempt, CancellationToken cancellationToken) => Task.Delay(After(attempt), time, cancellationToken);
}
