using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Storage.Sqlite;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>The writer that commits waiting changes together, beside one Microsoft.Data.Sqlite transaction for each change.</summary>
internal static class GroupCommitBenchmark
{
    private const int Changes = 4_000;

    private const string Schema = "CREATE TABLE rows (id TEXT PRIMARY KEY, state INTEGER NOT NULL, spec TEXT NOT NULL) WITHOUT ROWID;";
    private const string Insert = "INSERT INTO rows (id, state, spec) VALUES (?1, 0, ?2)";
    private const string Update = "UPDATE rows SET state = 1 WHERE id = ?1";
    private const string Spec = """{"type":"add","input":{"a":1,"b":2},"initiatedBy":"bench"}""";

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick) =>
    [
        await CompareAsync(1, Durability.Normal, quick),
        await CompareAsync(64, Durability.Normal, quick),
        await CompareAsync(64, Durability.Full, quick),
    ];

    private static async Task<Comparison> CompareAsync(int callers, Durability durability, bool quick)
    {
        var (grouped, single) = (new Samples("SqliteWriter"), new Samples("a transaction each"));
        for (var round = -2; round < (quick ? 5 : 20); round++)
        {
            foreach (var together in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var took = await MeasureAsync(callers, durability, together);
                if (round >= 0)
                {
                    (together ? grouped : single).Add(took.TotalMicroseconds / Changes);
                }
            }
        }

        return Comparison.Part($"A row inserted and updated in SQLite, {callers} callers, durability {durability}", grouped, single, "µs");
    }

    private static async Task<TimeSpan> MeasureAsync(int callers, Durability durability, bool together)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-bench-");
        try
        {
            using var database = SqliteDatabase.Open(
                new SqliteOptions { DataFolder = folder.FullName, Durability = durability }, NullLogger<SqliteDatabase>.Instance);
            database.Writing.Execute(Schema);
            using var alone = together ? null : new SingleWriter(database.Path, durability);
            Func<string, ValueTask<int>> change = alone is null
                ? id => database.WriteAsync(static change => Write(change.Writing, change.id), (database.Writing, id), CancellationToken.None)
                : id => ValueTask.FromResult(alone.Write(id));
            var ids = Enumerable.Range(0, Changes).Select(_ => Guid.CreateVersion7().ToString()).ToArray();
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(ids.Chunk(Changes / callers).Select(own => Task.Run(async () =>
            {
                foreach (var id in own)
                {
                    await change(id);
                }
            })));
            return Stopwatch.GetElapsedTime(started);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Write(StoreConnection connection, string id) =>
        connection.Prepare(Insert).Bind(1, id).Bind(2, Spec).ExecuteNonQuery() + connection.Prepare(Update).Bind(1, id).ExecuteNonQuery();

    private sealed class SingleWriter : IDisposable
    {
        private readonly Lock _turn = new();
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _insert;
        private readonly SqliteCommand _update;

        public SingleWriter(string path, Durability durability)
        {
            _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
            _connection.Open();
            using var settings = new SqliteCommand($"PRAGMA synchronous = {durability}; PRAGMA cache_size = -8192;", _connection);
            settings.ExecuteNonQuery();
            _insert = new SqliteCommand(Insert, _connection);
            _update = new SqliteCommand(Update, _connection);
            _insert.Prepare();
            _update.Prepare();
        }

        public int Write(string id)
        {
            lock (_turn)
            {
                using var transaction = _connection.BeginTransaction();
                (_insert.Transaction, _update.Transaction) = (transaction, transaction);
                var rows = _insert.Bind(1, id).Bind(2, Spec).ExecuteNonQuery() + _update.Bind(1, id).ExecuteNonQuery();
                transaction.Commit();
                return rows;
            }
        }

        public void Dispose()
        {
            _insert.Dispose();
            _update.Dispose();
            _connection.Dispose();
        }
    }
}
