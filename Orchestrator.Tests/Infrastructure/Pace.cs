namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// Pauses that are part of what a test does: between the calls of a load or two looks, before a random fault, as a
/// simulated latency. Nothing has to have happened by their end; what has to is waited for with <see cref="Eventually"/>.
/// </summary>
internal static class Pace
{
    /// <summary>Pauses for so many milliseconds.</summary>
    public static Task PauseAsync(int milliseconds, CancellationToken cancellationToken = default) => Task.Delay(milliseconds, cancellationToken);

    /// <summary>Pauses for a time.</summary>
    public static Task PauseAsync(TimeSpan time, CancellationToken cancellationToken = default) => Task.Delay(time, cancellationToken);
}
