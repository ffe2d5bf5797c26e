using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core.Tasks;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>Our queue beside BullMQ: one run, one Redis, in turns.</summary>
internal static class RedisBenchmark
{
    private const string Peer = "BullMQ 6.7";

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var peer = await BullMq.StartAsync(redis.Port);
        var (rounds, tasks, times) = quick ? (2, 5_000, 300) : (9, 20_000, 1_000);
        var enqueue = (Ours: new Samples("Orchestrator on Redis"), Floor: new Samples("bare round trips, LPUSH of the same"), Peer: new Samples(Peer));
        var process = (Ours: new Samples("Orchestrator on Redis"), Floor: new Samples("bare round trips, RPOP, 64 at a time"), Peer: new Samples(Peer));
        var latency = (Ours: new Samples("Orchestrator on Redis"), Floor: new Samples("three bare round trips, one after the other"), Peer: new Samples(Peer));
        var idle = new Samples("Orchestrator on Redis");

        // Both compile while they run, but the comparison is of a worker that runs for weeks. Ours is compiled after six rounds.
        const int WarmUps = 8;
        for (var round = -WarmUps; round < rounds; round++)
        {
            await redis.EmptyAsync();
            var options = new RedisOptions { KeyPrefix = $"bench-{round + WarmUps}" };
            await using (var connection = HostlessRedis.Open($"127.0.0.1:{redis.Port}", options))
            {
                var queue = new RedisTaskQueue(connection, new TasksOptions());
                var added = await QueueRuns.EnqueueAsync(queue, tasks);
                var worked = await QueueRuns.ProcessAsync(queue, tasks);
                var waited = await QueueRuns.LatencyAsync(queue, times);
                if (round >= 0)
                {
                    enqueue.Ours.Add(added / tasks * 1000);
                    process.Ours.Add(worked / tasks * 1000);
                    Array.ForEach(waited, latency.Ours.Add);
                }

                var (pushed, popped, trips) = await BareRedis.MeasureAsync(connection, tasks, times);
                if (round >= 0)
                {
                    enqueue.Floor.Add(pushed / tasks * 1000);
                    process.Floor.Add(popped / tasks * 1000);
                    Array.ForEach(trips, latency.Floor.Add);
                }

                if (round == rounds - 1)
                {
                    idle.Add(await QueueRuns.IdleAsync(queue, TimeSpan.FromSeconds(quick ? 5 : 20)));
                }
            }

            await redis.EmptyAsync();
            var (theirAdded, theirWorked, theirWaited) = (
                await peer.MeasureAsync("enqueue", tasks), await peer.MeasureAsync("process", tasks), await peer.MeasureAsync("latency", times));
            if (round >= 0)
            {
                enqueue.Peer.Add(theirAdded[0] / tasks * 1000);
                process.Peer.Add(theirWorked[0] / tasks * 1000);
                Array.ForEach(theirWaited, latency.Peer.Add);
            }
        }

        return
        [
            new Comparison("Enqueue, 64 producers, one task a call, a round's mean", enqueue.Ours, enqueue.Floor, null, "µs a task")
            {
                Peer = enqueue.Peer,
                PeerGoal = new Goal(50, 1 / 2.0),
            },
            new Comparison("Process, 64 slots, trivial handler, a round's mean", process.Ours, process.Floor, null, "µs a task")
            {
                Peer = process.Peer,
                PeerGoal = new Goal(50, 1 / 3.0),
            },
            new Comparison("Enqueue to end, one at a time", latency.Ours, latency.Floor, null) { Peer = latency.Peer, PeerGoal = new Goal(50, 1) },
            new Comparison("Enqueue to end, one at a time, the slowest", latency.Ours, latency.Floor, null) { Peer = latency.Peer, PeerGoal = new Goal(99, 1) },
            new Comparison("An idle worker", idle, null, null, "% of a core") { Limit = new Goal(50, 1) },
        ];
    }
}
