namespace Orchestrator.Guest.Serving;

/// <summary>Measures how long the runner has been unused. Thread-safe.</summary>
internal sealed class IdleClock(TimeProvider time)
{
    private long _last = time.GetTimestamp();
    private int _running;

    /// <summary>Seconds since the last authorized request or running command; 0 while one runs.</summary>
    public double IdleSeconds => Volatile.Read(ref _running) > 0
        ? 0
        : Math.Round(time.GetElapsedTime(Volatile.Read(ref _last)).TotalSeconds, 3);

    public void Begin()
    {
        Interlocked.Increment(ref _running);
        Volatile.Write(ref _last, time.GetTimestamp());
    }

    public void End()
    {
        Volatile.Write(ref _last, time.GetTimestamp());
        Interlocked.Decrement(ref _running);
    }
}
