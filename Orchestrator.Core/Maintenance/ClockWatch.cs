namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Finds the gaps in which nobody watched the clock: a process that was suspended, a machine that slept, a wall clock
/// that was set. Only what passes between two looks can be one, so whoever waits for something looks before and after.
/// </summary>
internal sealed class ClockWatch(TimeProvider time, TimeSpan longestWait)
{
    private readonly Lock _gate = new();
    private DateTimeOffset? _lastLook;
    private volatile bool _hasGap = true;

    /// <summary>Whether there was a gap that was not closed yet; the time before the first look is one.</summary>
    public bool HasGap => _hasGap;

    /// <summary>Looks at the clock: more than the longest wait since the last look is a gap, and so is less than nothing.</summary>
    public void Look()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _hasGap |= now - _lastLook is not { } passed || passed < TimeSpan.Zero || passed > longestWait;
            _lastLook = now;
        }
    }

    /// <summary>Everything that a gap asks for was done.</summary>
    public void Close() => _hasGap = false;

    /// <summary>The next look finds a gap, however soon it comes.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _lastLook = null;
        }
    }
}
