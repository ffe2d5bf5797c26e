namespace Orchestrator.Core.Pooling;

/// <summary>
/// Bounds the number of concurrent starts, since parallel starts slow each other down inside the engine. Starts with a
/// waiting caller go first; refills leave one place free for them if there is more than one.
/// </summary>
public sealed class StartGate(int places)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _urgent = new();
    private readonly LinkedList<TaskCompletionSource> _refills = new();
    private readonly int _refillPlaces = Math.Max(1, places - 1);
    private int _running;

    /// <summary>Waits for a place; dispose the result to leave it.</summary>
    public async Task<IDisposable> EnterAsync(bool urgent, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var line = urgent ? _urgent : _refills;
        lock (_lock)
        {
            if (line.Count == 0 && _running < (urgent ? places : _refillPlaces))
            {
                _running++;
                return new Place(this);
            }

            line.AddLast(turn);
        }

        await using var registration = cancellationToken.Register(() =>
        {
            lock (_lock)
            {
                if (line.Remove(turn))
                {
                    turn.TrySetCanceled(cancellationToken);
                }
            }
        }).ConfigureAwait(false);
        await turn.Task;
        return new Place(this);
    }

    private void Leave()
    {
        lock (_lock)
        {
            _running--;
            while (Next() is { } next)
            {
                _running++;
                next.SetResult();
            }
        }
    }

    private TaskCompletionSource? Next()
    {
        var line = _urgent.Count > 0 && _running < places ? _urgent
            : _refills.Count > 0 && _running < _refillPlaces ? _refills
            : null;
        var first = line?.First;
        if (first is null)
        {
            return null;
        }

        line!.RemoveFirst();
        return first.Value;
    }

    private sealed class Place(StartGate gate) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                gate.Leave();
            }
        }
    }
}
