using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// A clock that stands still until it is told to go on. Timers fire inside <see cref="Advance"/>, in the order of their
/// due times, each at exactly its own time; so does everything built on timers (Task.Delay, PeriodicTimer,
/// CancellationTokenSource with a delay). Safe for concurrent use.
/// </summary>
internal sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _elapsed;
    private long _armed;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers wait: shows a test that a loop has reached its pause.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    /// <inheritdoc />
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _elapsed;
        }
    }

    /// <summary>Goes on by that much, and fires every timer that falls due on the way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative; see <see cref="SetWallClock"/>.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (_gate)
        {
            end = _elapsed + by.Ticks;
        }

        while (TakeDue(end) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Sets the wall clock, backwards too, as an operator or NTP does. Timers and timestamps are not touched.</summary>
    public void SetWallClock(DateTimeOffset now)
    {
        lock (_gate)
        {
            _now = now;
        }
    }

    /// <summary>Goes on in steps until a condition holds, and lets other work run in between.</summary>
    /// <exception cref="TimeoutException">It does not hold within 10 s of real time.</exception>
    public async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step)
    {
        var real = Stopwatch.StartNew();
        while (!condition())
        {
            if (real.Elapsed > TimeSpan.FromSeconds(10))
            {
                throw new TimeoutException("The condition did not come true within 10 s of real time.");
            }

            Advance(step);
            await Pace.PauseAsync(1);
        }
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? TakeDue(long end)
    {
        lock (_gate)
        {
            var next = _timers.MinBy(timer => (timer.DueAt, timer.Order));
            if (next is null || next.DueAt > end)
            {
                MoveTo(end);
                return null;
            }

            MoveTo(next.DueAt);
            if (next.Period is { } period)
            {
                (next.DueAt, next.Order) = (next.DueAt + period, ++_armed);
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private void MoveTo(long elapsed)
    {
        // A concurrent Advance may have been further already.
        if (elapsed <= _elapsed)
        {
            return;
        }

        _now = _now.AddTicks(elapsed - _elapsed);
        _elapsed = elapsed;
    }

    private bool Arm(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            if (timer.Disposed)
            {
                return false;
            }

            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return true;
            }

            (timer.DueAt, timer.Order) = (_elapsed + dueTime.Ticks, ++_armed);
            timer.Period = period > TimeSpan.Zero ? period.Ticks : null;
            _timers.Add(timer);
        }

        // As with the system's timers, what is due at once does not wait for the clock.
        if (dueTime == TimeSpan.Zero)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Advance(TimeSpan.Zero), null);
        }

        return true;
    }

    private void Disarm(ManualTimer timer)
    {
        lock (_gate)
        {
            timer.Disposed = true;
            _timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueAt;
        public long Order;
        public long? Period;
        public bool Disposed;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Arm(this, dueTime, period);

        public void Dispose() => clock.Disarm(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
