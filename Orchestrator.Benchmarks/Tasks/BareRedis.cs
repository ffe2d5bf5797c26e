using System.Diagnostics;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>The floor of a queue on Redis: the same client, connection and bytes, without a queue.</summary>
internal static class BareRedis
{
    private static readonly string Value = TaskJson.WriteText(new TaskSpecification { Type = AddHandler.Name, Input = """{"a":1,"b":2}""", InitiatedBy = "bench" });

    /// <summary>
    /// The milliseconds for that many pushes by 64 callers, for as many pops, and for each of some tasks' three sequential
    /// calls (in, out, done).
    /// </summary>
    public static async Task<(double Pushed, double Popped, double[] Trips)> MeasureAsync(RedisConnection connection, int tasks, int times)
    {
        RedisKey key = $"{connection.KeyPrefix}:floor";
        var pushed = await TogetherAsync(tasks, () => connection.CallAsync(database => database.ListLeftPushAsync(key, Value)));
        var popped = await TogetherAsync(tasks, () => connection.CallAsync(database => database.ListRightPopAsync(key)));
        var trips = new double[times];
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await connection.CallAsync(database => database.ListLeftPushAsync(key, Value));
            await connection.CallAsync(database => database.ListRightPopAsync(key));
            await connection.CallAsync(database => database.StringSetAsync(key, Value));
            trips[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            await connection.CallAsync(database => database.KeyDeleteAsync(key));
        }

        return (pushed, popped, trips);
    }

    private static async Task<double> TogetherAsync<T>(int calls, Func<Task<T>> call)
    {
        var next = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, QueueRuns.Producers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) <= calls)
            {
                await call();
            }
        })));
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
