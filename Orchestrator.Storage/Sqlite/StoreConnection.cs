using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Orchestrator.Storage.Sqlite;

/// <summary>A connection to the database with its prepared commands. Not safe for concurrent use.</summary>
internal sealed class StoreConnection : IDisposable
{
    // Another program (a backup, the sqlite3 shell) may hold the file for a moment. The driver retries every 150 ms; SQLite
    // itself, with the time-out set below, every few, and a checkpoint waits in no other way.
    private const int BusySeconds = 2;

    private const string Settings =
        "PRAGMA busy_timeout = 2000; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 4194304;";

    // Commands are looked up by the string object itself, so that the text needs no hashing; pass constants.
    private readonly Dictionary<string, SqliteCommand> _commands = new(ReferenceEqualityComparer.Instance);
    private readonly SqliteConnection _connection;

    private StoreConnection(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens an existing file for reading and writing.</summary>
    public static StoreConnection Open(string path) => Open(path, SqliteOpenMode.ReadWrite);

    /// <summary>Opens a file that does not change, without looking for a log and without creating any other file.</summary>
    public static StoreConnection OpenAlone(string path)
    {
        var uri = new UriBuilder(Uri.UriSchemeFile, "") { Path = path, Query = "immutable=1" };
        return Open(uri.Uri.AbsoluteUri, SqliteOpenMode.ReadOnly);
    }

    /// <summary>
    /// Opens a file together with its log, for reading only. Keeps the log's index in memory and leaves the log alone at
    /// the end, so that no file is changed or created.
    /// </summary>
    public static StoreConnection OpenWithLog(string path)
    {
        // Not as read-only: the exclusive lock, without which the index goes to a file, needs a writable descriptor.
        var connection = Open(path);
        connection.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON;");

        // Neither a pragma nor a keyword of the connection string sets this.
        var handle = connection._connection.Handle;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _), handle);
        return connection;
    }

    private static StoreConnection Open(string source, SqliteOpenMode mode)
    {
        // Not pooled: closing a connection releases the file, and the last one removes the log.
        var settings = new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false, DefaultTimeout = BusySeconds };
        var connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            connection.Open();
            return new StoreConnection(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The prepared command of a constant text.</summary>
    public SqliteCommand Prepare(string sql)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = new SqliteCommand(sql, _connection);
            command.Prepare();
            _commands.Add(sql, command);
        }

        return command;
    }

    /// <summary>Runs statements once, without results.</summary>
    public void Execute(string sql)
    {
        using var command = new SqliteCommand(sql, _connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Runs a statement once and gives the first value of its first row.</summary>
    public T Scalar<T>(string sql)
    {
        using var command = new SqliteCommand(sql, _connection);
        return (T)command.ExecuteScalar()!;
    }

    /// <summary>Applies the settings of every connection of an open store.</summary>
    public void Configure() => Execute(Settings);

    /// <summary>Copies the log into the database.</summary>
    /// <param name="restart">Whether to wait for readers and restart the log.</param>
    /// <returns>The number of pages in the log, and of those copied.</returns>
    /// <exception cref="SqliteException">SQLite refused, or other connections blocked it for too long.</exception>
    public (int Pages, int Copied) Checkpoint(bool restart)
    {
        var (busy, pages, copied) = Prepare(restart ? "PRAGMA wal_checkpoint(RESTART)" : "PRAGMA wal_checkpoint(PASSIVE)")
            .First(row => (row.GetInt64(0) != 0, row.GetInt32(1), row.GetInt32(2)));
        return busy ? throw new SqliteException("Another program is reading or writing the log.", raw.SQLITE_BUSY) : (pages, copied);
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _commands.Clear();
        _connection.Dispose();
    }
}
