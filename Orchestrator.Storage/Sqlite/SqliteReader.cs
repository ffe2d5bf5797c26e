using Microsoft.Data.Sqlite;

namespace Orchestrator.Storage.Sqlite;

/// <summary>A read-only connection, opened on first use; its users take turns.</summary>
internal sealed class SqliteReader(Func<StoreConnection> open) : IDisposable
{
    private readonly Lock _gate = new();
    private StoreConnection? _connection;
    private bool _closed;

    /// <summary>Runs one statement, which sees everything committed before.</summary>
    /// <exception cref="SqliteException">SQLite refused.</exception>
    public TResult Read<TArgument, TResult>(Func<StoreConnection, TArgument, TResult> query, TArgument argument)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return query(_connection ??= open(), argument);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _connection?.Dispose();
        }
    }
}
