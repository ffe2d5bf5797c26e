namespace Orchestrator.Core.Leasing;

/// <summary>Callers who wait for a free place of a template, in the order they came to this instance.</summary>
public sealed class WaitingLine(TimeProvider time)
{
    // Places are also freed by other instances, who can't signal: the first in line looks by itself now and then.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time = time;
    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _places = new();

    /// <summary>Whether nobody waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _places.Count == 0;
            }
        }
    }

    /// <summary>Takes the last place in line; dispose it to leave.</summary>
    public Place Join()
    {
        var place = new Place(this);
        lock (_lock)
        {
            _places.AddLast(place);
        }

        return place;
    }

    /// <summary>Something was freed: the first in line looks again.</summary>
    public void Pulse()
    {
        lock (_lock)
        {
            _places.First?.Value.Signal();
        }
    }

    /// <summary>Somebody's place in the line.</summary>
    public sealed class Place(WaitingLine line) : IDisposable
    {
        private readonly SemaphoreSlim _signal = new(0, 1);

        /// <summary>Waits until this place is first and it is worth looking again, or the time is up.</summary>
        /// <returns>False when the time is up.</returns>
        public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
        {
            var began = line._time.GetTimestamp();
            while (atMost - line._time.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                var first = IsFirst();
                using var limit = new CancellationTokenSource(first && left > LookAgain ? LookAgain : left, line._time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
                try
                {
                    await _signal.WaitAsync(either.Token);
                    return true;
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    if (first)
                    {
                        return line._time.GetElapsedTime(began) < atMost;
                    }
                }
            }

            return false;
        }

        /// <inheritdoc />
        public void Dispose()
        {
            lock (line._lock)
            {
                line._places.Remove(this);
                line._places.First?.Value.Signal();
            }

            _signal.Dispose();
        }

        internal void Signal()
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }

        private bool IsFirst()
        {
            lock (line._lock)
            {
                return line._places.First?.Value == this;
            }
        }
    }
}
