namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Finds gaps in which the clock was not watched: a suspended process, a sleeping machine, a wall clock that was set. Only
/// the time between two looks can be a gap, so callers look before and after every wait.
/// </summary>
internal sealed class ClockWatch(TimeProvider time, TimeSpan longestWait)
{
    private readonly Lock _gate = new();
    private DateTimeOffset? _lastLook;
    private volatile bool _hasGap = true;

    /// <summary>Whether a gap is open; the time before the first look is one.</summary>
    public bool HasGap => _hasGap;

    /// <summary>Looks at the clock: more than the longest wait since the last look is a gap, and so is a negative time.</summary>
    public void Look()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _hasGap |= now - _lastLook is not { } passed || passed < TimeSpan.Zero || passed > longestWait;
            _lastLook = now;
        }
    }

    /// <summary>Closes the gap: all that it requires was done.</summary>
    public void Close() => _hasGap = false;

    /// <summary>Makes the next look find a gap, however soon it comes.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _lastLook = null;
        }
    }
}
