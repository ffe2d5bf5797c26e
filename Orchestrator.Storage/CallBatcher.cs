using Orchestrator.Core.Stores;

namespace Orchestrator.Storage;

/// <summary>
/// Lets concurrent calls share round trips. A lone call goes out at once; calls that arrive while the allowed round trips
/// are in flight go out together with the next one.
/// </summary>
/// <param name="run">Makes one round trip; returns an answer for each call, in order.</param>
/// <param name="maxTogether">How many calls share a round trip at most.</param>
/// <param name="maxFlights">How many round trips may be in flight at a time.</param>
internal sealed class CallBatcher<TCall, TAnswer>(
    Func<IReadOnlyList<TCall>, Task<TAnswer[]>> run, int maxTogether = 256, int maxFlights = 1)
{
    /// <summary>How many calls may wait; further ones are refused.</summary>
    public const int MaxWaiting = 50_000;

    private readonly Lock _gate = new();
    private readonly Queue<(TCall Call, TaskCompletionSource<TAnswer> Answer)> _waiting = new();
    private int _flights;

    /// <summary>Makes a call. Cancelling only stops waiting for its answer.</summary>
    /// <exception cref="StoreUnavailableException">Too many calls wait already, or the round trip failed.</exception>
    public Task<TAnswer> CallAsync(TCall call, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TAnswer>(cancellationToken);
        }

        var answer = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool start;
        lock (_gate)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                return Task.FromException<TAnswer>(new StoreUnavailableException($"{MaxWaiting} calls wait for the store already."));
            }

            _waiting.Enqueue((call, answer));
            start = _flights < maxFlights;
            if (start)
            {
                _flights++;
            }
        }

        if (start)
        {
            _ = FlyAsync();
        }

        return cancellationToken.CanBeCanceled ? answer.Task.WaitAsync(cancellationToken) : answer.Task;
    }

    private async Task FlyAsync()
    {
        while (true)
        {
            List<TCall> calls;
            List<TaskCompletionSource<TAnswer>> answers;
            lock (_gate)
            {
                var count = Math.Min(_waiting.Count, maxTogether);
                if (count == 0)
                {
                    _flights--;
                    return;
                }

                (calls, answers) = (new(count), new(count));
                while (calls.Count < count)
                {
                    var (call, answer) = _waiting.Dequeue();
                    calls.Add(call);
                    answers.Add(answer);
                }
            }

            try
            {
                var results = await run(calls);
                for (var i = 0; i < answers.Count; i++)
                {
                    answers[i].SetResult(results[i]);
                }
            }
            catch (Exception e)
            {
                foreach (var answer in answers)
                {
                    answer.TrySetException(e);
                }
            }

            // Lets callers that were just answered join the next round trip.
            await Task.Yield();
        }
    }
}
