using System.Collections.Concurrent;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>
/// Keeps this process's reservations alive for as long as it runs: in the store they expire soon, so that another instance
/// need not wait long for one whose creator was killed or paused.
/// </summary>
/// <param name="redis">The connection to the store.</param>
/// <param name="root">The prefix of all their keys.</param>
/// <param name="life">How long a reservation lives after its creator's last heartbeat.</param>
/// <param name="time">Measures the time between heartbeats.</param>
internal sealed class RedisReservations(RedisConnection redis, RedisKey root, TimeSpan life, TimeProvider time)
{
    private readonly TimeSpan _interval = life / 4;
    private readonly ConcurrentDictionary<string, (long Fence, long Made, TimeSpan Within)> _made = new(StringComparer.Ordinal);
    private int _running;

    /// <summary>The time reserved at first.</summary>
    public TimeSpan Begin(TimeSpan within) => within < life ? within : life;

    /// <summary>Keeps a reservation alive, for at most this long.</summary>
    public void Keep(Runner reserved, TimeSpan within)
    {
        if (within <= life)
        {
            return;
        }

        _made[reserved.Id] = (reserved.Fence, time.GetTimestamp(), within);
        if (Interlocked.Exchange(ref _running, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    /// <summary>Stops keeping a reservation alive.</summary>
    public void Forget(string runnerId) => _made.TryRemove(runnerId, out _);

    private async Task RunAsync()
    {
        while (true)
        {
            await Task.Delay(_interval, time);
            if (_made.IsEmpty)
            {
                Volatile.Write(ref _running, 0);

                // Another reservation may have come just before that write.
                if (_made.IsEmpty || Interlocked.Exchange(ref _running, 1) == 1)
                {
                    return;
                }
            }

            try
            {
                await ProlongAsync();
            }
            catch (Exception e) when (e is StoreUnavailableException or RedisServerException)
            {
                // They may expire in the meantime: their creators find out when they attach the runner.
            }
        }
    }

    private async Task ProlongAsync()
    {
        List<string> ids = [];
        List<RedisValue> arguments = [];
        foreach (var (id, (fence, made, within)) in _made)
        {
            var left = within - time.GetElapsedTime(made);
            if (left <= TimeSpan.Zero)
            {
                Forget(id);
                continue;
            }

            ids.Add(id);
            arguments.AddRange([id, fence, RedisRunnerRecord.Write(Begin(left))]);
        }

        if (ids.Count == 0)
        {
            return;
        }

        var answers = (RedisValue[])(await redis.EvaluateAsync(RedisRunnerScripts.Prolong, [root], [.. arguments]))!;
        for (var i = 0; i < ids.Count; i++)
        {
            if ((int)answers[i] == 0)
            {
                Forget(ids[i]);
            }
        }
    }
}
