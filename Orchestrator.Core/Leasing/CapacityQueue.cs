namespace Orchestrator.Core.Leasing;

/// <summary>Calls that wait for a free place of a template, first come, first served within this instance.</summary>
public sealed class CapacityQueue(TimeProvider time)
{
    // Other instances free places too and can't signal: the first in the queue checks at this interval.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time = time;
    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _places = new();

    /// <summary>Whether no call waits.</summary>
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

    /// <summary>Joins at the end of the queue; disposing the place leaves it.</summary>
    public Place Join()
    {
        var place = new Place(this);
        lock (_lock)
        {
            _places.AddLast(place);
        }

        return place;
    }

    /// <summary>Signals that a place may be free: the first in the queue checks again.</summary>
    public void Pulse()
    {
        lock (_lock)
        {
            _places.First?.Value.Signal();
        }
    }

    /// <summary>A call's place in the queue.</summary>
    public sealed class Place(CapacityQueue queue) : IDisposable
    {
        private readonly SemaphoreSlim _signal = new(0, 1);

        /// <summary>Waits until this place is first and a place of the template may be free, for at most <paramref name="atMost"/>.</summary>
        /// <returns>False when the wait timed out.</returns>
        public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
        {
            var began = queue._time.GetTimestamp();
            while (atMost - queue._time.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                var first = IsFirst();
                using var limit = new CancellationTokenSource(first && left > LookAgain ? LookAgain : left, queue._time);
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
                        return queue._time.GetElapsedTime(began) < atMost;
                    }
                }
            }

            return false;
        }

        /// <inheritdoc />
        public void Dispose()
        {
            lock (queue._lock)
            {
                queue._places.Remove(this);
                queue._places.First?.Value.Signal();
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
            lock (queue._lock)
            {
                return queue._places.First?.Value == this;
            }
        }
    }
}
