namespace Orchestrator.Core.Mining;

/// <summary>Counts this process's hashes and gives their rate per second over the last minute. Safe for concurrent use.</summary>
/// <param name="time">The clock.</param>
public sealed class HashMeter(TimeProvider time)
{
    private const int Window = 60;

    private readonly Lock _gate = new();
    private readonly long[] _perSecond = new long[Window];
    private readonly long _started = time.GetTimestamp();
    private long _second;
    private long _total;
    private long _lastHashes = time.GetTimestamp();

    /// <summary>The number of hashes since the start.</summary>
    public long Total
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>The time since the last hashes, or since the start before there were any.</summary>
    public TimeSpan SinceLast
    {
        get
        {
            lock (_gate)
            {
                return time.GetElapsedTime(_lastHashes);
            }
        }
    }

    /// <summary>Counts hashes that were made just now.</summary>
    public void Add(long hashes)
    {
        lock (_gate)
        {
            var elapsed = MoveOn();
            _perSecond[_second % Window] += hashes;
            _total += hashes;
            _lastHashes = _started + (long)(elapsed.TotalSeconds * time.TimestampFrequency);
        }
    }

    /// <summary>Hashes a second over the last minute, or since the start where that is less; at least over one second.</summary>
    public double GetRate()
    {
        lock (_gate)
        {
            // The oldest second is dropped as a whole when a new one begins, so the window is 59 to 60 seconds.
            var elapsed = MoveOn().TotalSeconds;
            var covered = Math.Min(elapsed, Window - 1 + (elapsed - Math.Floor(elapsed)));
            return _perSecond.Sum() / Math.Max(covered, 1);
        }
    }

    private TimeSpan MoveOn()
    {
        var elapsed = time.GetElapsedTime(_started);
        var second = (long)elapsed.TotalSeconds;
        for (var next = Math.Max(_second + 1, second - Window + 1); next <= second; next++)
        {
            _perSecond[next % Window] = 0;
        }

        _second = Math.Max(_second, second);
        return elapsed;
    }
}
