using SQLitePCL;

namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// A connection with its prepared statements. It speaks to SQLite's own interface: through ADO.NET a claim takes a third
/// longer, and the first one of a process three times as long. Not safe for concurrent use.
/// </summary>
internal sealed class SqliteConnection : IDisposable
{
    // Statements are looked up by the very string object, so that the text needs no hashing; pass constants.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);
    private readonly sqlite3 _handle;

    static SqliteConnection() => Batteries_V2.Init();

    private SqliteConnection(sqlite3 handle) => _handle = handle;

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Opens a file for reading and writing; it has to be there.</summary>
    public static SqliteConnection Open(string path) => Open(path, raw.SQLITE_OPEN_READWRITE);

    /// <summary>Opens a file that nobody changes meanwhile, without looking for a log and without making any other file.</summary>
    public static SqliteConnection OpenAlone(string path)
    {
        var uri = new UriBuilder(Uri.UriSchemeFile, "") { Path = path, Query = "immutable=1" };
        return Open(uri.Uri.AbsoluteUri, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI);
    }

    /// <summary>
    /// Opens a file together with its log, for reading only. Keeps the log's index in memory and leaves the log alone at
    /// the end, so that no file is changed or made.
    /// </summary>
    public static SqliteConnection OpenWithLog(string path)
    {
        // Not as read-only: the exclusive lock, without which the index goes to a file, needs a writable descriptor.
        var connection = Open(path);
        connection.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON;");
        SqliteFailure.ThrowIfFailed(raw.sqlite3_db_config(connection._handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _), connection._handle);
        return connection;
    }

    private static SqliteConnection Open(string path, int flags)
    {
        // Every connection is guarded by its user, so SQLite's own mutexes are only overhead.
        var code = raw.sqlite3_open_v2(path, out var handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        try
        {
            SqliteFailure.ThrowIfFailed(code, handle);
            return new SqliteConnection(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The prepared statement of a constant text.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements.Add(sql, statement = new SqliteStatement(_handle, sql));
        }

        return statement;
    }

    /// <summary>Runs statements once, without results.</summary>
    public void Execute(string sql) => SqliteFailure.ThrowIfFailed(raw.sqlite3_exec(_handle, sql), _handle);

    /// <summary>Runs a statement once and gives its first value as text; null when there is none.</summary>
    public string? Scalar(string sql)
    {
        using var statement = new SqliteStatement(_handle, sql);
        return statement.First(row => row.NullableText(0));
    }

    /// <summary>How long to wait for another program that holds the file.</summary>
    public void WaitWhenBusy(TimeSpan time) => _ = raw.sqlite3_busy_timeout(_handle, (int)time.TotalMilliseconds);

    /// <summary>Copies what the log holds into the database.</summary>
    /// <param name="restart">Whether to wait for readers and start the log anew.</param>
    /// <returns>How many pages the log holds, and how many of them are copied.</returns>
    public (int Pages, int Copied) Checkpoint(bool restart)
    {
        var mode = restart ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_PASSIVE;
        SqliteFailure.ThrowIfFailed(raw.sqlite3_wal_checkpoint_v2(_handle, null, mode, out var pages, out var copied), _handle);
        return (pages, copied);
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _handle.Dispose();
    }
}
