using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>Our queue on SQLite beside one connection that writes the same rows without a queue.</summary>
internal static class SqliteBenchmark
{
    private const string Insert =
        "INSERT INTO tasks (id, type, spec, state, place, max_attempts, created_at, tells) VALUES (?1, 'add', ?2, 0, ?3, 3, 0, 0)";

    private const string Claim = "UPDATE tasks SET state = 1, attempts = 1, fence = 1, worker = 'w', started_at = 1, due_at = 9 WHERE id = ?1";
    private const string Complete = "UPDATE tasks SET state = 2, due_at = NULL, finished_at = 2, result = '3' WHERE id = ?1";

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        var (rounds, tasks) = quick ? (2, 5_000) : (5, 20_000);
        var enqueue = (Ours: new Samples("Orchestrator on SQLite"), Bare: new Samples("one connection, bare inserts"));
        var process = (Ours: new Samples("Orchestrator on SQLite"), Bare: new Samples("one connection, bare updates (two a task)"));
        for (var round = -1; round < rounds; round++)
        {
            var (added, worked) = await OursAsync(tasks);
            var (inserted, updated) = await BareAsync(tasks);
            if (round < 0)
            {
                continue;
            }

            enqueue.Ours.Add(added / tasks * 1000);
            process.Ours.Add(worked / tasks * 1000);
            enqueue.Bare.Add(inserted / tasks * 1000);
            process.Bare.Add(updated / tasks * 1000);
        }

        return
        [
            new Comparison("Enqueue on SQLite, 64 producers, one task a call, a round's mean", enqueue.Ours, enqueue.Bare, new Goal(50, 2), "µs a task"),
            new Comparison("Process on SQLite, 64 slots, trivial handler, a round's mean", process.Ours, process.Bare, new Goal(50, 2), "µs a task"),
        ];
    }

    private static async Task<(double Added, double Worked)> OursAsync(int tasks)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-bench-").FullName;
        try
        {
            using var database = Open(folder);
            var queue = new SqliteTaskQueue(database, new TasksOptions(), TimeProvider.System);
            return (await QueueRuns.EnqueueAsync(queue, tasks), await QueueRuns.ProcessAsync(queue, tasks));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Each statement is its own transaction, on the queue's kind of connection, in a file created the same way.
    private static async Task<(double Inserted, double Updated)> BareAsync(int tasks)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-bench-").FullName;
        try
        {
            using var database = Open(folder);
            var connection = database.Writing;
            var spec = TaskJson.WriteText(new TaskSpecification { Type = "add", Input = """{"a":1,"b":2}""", InitiatedBy = "bench" });
            var ids = Enumerable.Range(0, tasks).Select(_ => Guid.CreateVersion7().ToString()).ToArray();
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < tasks; i++)
            {
                connection.Prepare(Insert).Bind(1, ids[i]).Bind(2, spec).Bind(3, i).ExecuteNonQuery();
            }

            var inserted = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            await Task.Yield();
            started = Stopwatch.GetTimestamp();
            foreach (var id in ids)
            {
                connection.Prepare(Claim).Bind(1, id).ExecuteNonQuery();
                connection.Prepare(Complete).Bind(1, id).ExecuteNonQuery();
            }

            return (inserted, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SqliteDatabase Open(string folder) =>
        SqliteDatabase.Open(new SqliteOptions { DataFolder = folder }, NullLogger<SqliteDatabase>.Instance);
}
