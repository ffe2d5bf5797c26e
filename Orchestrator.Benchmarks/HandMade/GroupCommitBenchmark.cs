using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;
using Orchestrator.Benchmarks.Measuring;
using SQLitePCL;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>SQLite's own interface beside Microsoft.Data.Sqlite: the same statements, prepared once, in the same groups.</summary>
internal static class GroupCommitBenchmark
{
    private const string Schema =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (id TEXT PRIMARY KEY, state INTEGER NOT NULL, spec TEXT NOT NULL) WITHOUT ROWID;";

    private const string Spec = """{"type":"add","input":{"a":1,"b":2},"initiatedBy":"bench"}""";

    public static IEnumerable<Comparison> Run(bool quick)
    {
        foreach (var (together, commits) in ((int, int)[])[(1, 4_000), (64, 200)])
        {
            var (raw, library) = (new Samples("SQLitePCLRaw"), new Samples("Microsoft.Data.Sqlite"));
            for (var round = -2; round < (quick ? 5 : 20); round++)
            {
                foreach (var mine in (bool[])[round % 2 == 0, round % 2 != 0])
                {
                    using var file = new TemporaryFile();
                    using IWriter writer = mine ? new RawWriter(file.Path) : new LibraryWriter(file.Path);
                    var took = Write(writer, together, commits);
                    if (round >= 0)
                    {
                        (mine ? raw : library).Add(took.TotalMicroseconds / (together * commits));
                    }
                }
            }

            yield return Comparison.Part($"A row inserted and updated in SQLite, {together} a commit", raw, library, "µs");
        }
    }

    private static TimeSpan Write(IWriter writer, int together, int commits)
    {
        var ids = Enumerable.Range(0, together * commits).Select(_ => Guid.CreateVersion7().ToString()).ToArray();
        var started = Stopwatch.GetTimestamp();
        foreach (var group in ids.Chunk(together))
        {
            writer.Begin();
            foreach (var id in group)
            {
                writer.Insert(id);
                writer.Update(id, 1);
            }

            writer.Commit();
        }

        return Stopwatch.GetElapsedTime(started);
    }

    private interface IWriter : IDisposable
    {
        void Begin();

        void Insert(string id);

        void Update(string id, long state);

        void Commit();
    }

    private sealed class RawWriter : IWriter
    {
        private readonly sqlite3 _file;
        private readonly sqlite3_stmt _begin;
        private readonly sqlite3_stmt _insert;
        private readonly sqlite3_stmt _update;
        private readonly sqlite3_stmt _commit;

        public RawWriter(string path)
        {
            Batteries_V2.Init();
            Check(raw.sqlite3_open_v2(path, out _file, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null));
            Check(raw.sqlite3_exec(_file, Schema));
            _begin = Prepare("BEGIN IMMEDIATE");
            _insert = Prepare("INSERT INTO rows (id, state, spec) VALUES (?1, 0, ?2)");
            _update = Prepare("UPDATE rows SET state = ?2 WHERE id = ?1");
            _commit = Prepare("COMMIT");
        }

        public void Begin() => Run(_begin);

        public void Insert(string id)
        {
            Bind(_insert, 1, id);
            Bind(_insert, 2, Spec);
            Run(_insert);
        }

        public void Update(string id, long state)
        {
            Bind(_update, 1, id);
            Check(raw.sqlite3_bind_int64(_update, 2, state));
            Run(_update);
        }

        public void Commit() => Run(_commit);

        public void Dispose()
        {
            _begin.Dispose();
            _insert.Dispose();
            _update.Dispose();
            _commit.Dispose();
            _file.Dispose();
        }

        private sqlite3_stmt Prepare(string sql)
        {
            Check(raw.sqlite3_prepare_v3(_file, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
            return statement;
        }

        private static void Bind(sqlite3_stmt statement, int parameter, string text)
        {
            var utf8 = (stackalloc byte[512]);
            Check(raw.sqlite3_bind_text(statement, parameter, utf8[..Encoding.UTF8.GetBytes(text, utf8)]));
        }

        private static void Run(sqlite3_stmt statement)
        {
            Check(raw.sqlite3_step(statement));
            Check(raw.sqlite3_reset(statement));
        }

        private static void Check(int code)
        {
            if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE))
            {
                throw new InvalidOperationException($"SQLite refused: {code}.");
            }
        }
    }

    private sealed class LibraryWriter : IWriter
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _insert;
        private readonly SqliteCommand _update;
        private SqliteTransaction? _transaction;

        public LibraryWriter(string path)
        {
            _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            _connection.Open();
            using var schema = new SqliteCommand(Schema, _connection);
            schema.ExecuteNonQuery();
            _insert = new SqliteCommand("INSERT INTO rows (id, state, spec) VALUES ($id, 0, $spec)", _connection)
            {
                Parameters = { new SqliteParameter("$id", SqliteType.Text), new SqliteParameter("$spec", SqliteType.Text) },
            };
            _update = new SqliteCommand("UPDATE rows SET state = $state WHERE id = $id", _connection)
            {
                Parameters = { new SqliteParameter("$id", SqliteType.Text), new SqliteParameter("$state", SqliteType.Integer) },
            };
            _insert.Prepare();
            _update.Prepare();
        }

        public void Begin() => _insert.Transaction = _update.Transaction = _transaction = _connection.BeginTransaction();

        public void Insert(string id)
        {
            _insert.Parameters[0].Value = id;
            _insert.Parameters[1].Value = Spec;
            _insert.ExecuteNonQuery();
        }

        public void Update(string id, long state)
        {
            _update.Parameters[0].Value = id;
            _update.Parameters[1].Value = state;
            _update.ExecuteNonQuery();
        }

        public void Commit()
        {
            _transaction!.Commit();
            _transaction.Dispose();
        }

        public void Dispose()
        {
            _insert.Dispose();
            _update.Dispose();
            _connection.Dispose();
        }
    }

    private sealed class TemporaryFile : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-bench-");

        public string Path => System.IO.Path.Combine(_folder.FullName, "rows.db");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
