using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>The real SQLite store in a folder, as one process has it open.</summary>
internal sealed class SqliteTestStore : IAsyncDisposable
{
    private readonly SqliteDatabase _database;

    private SqliteTestStore(SqliteDatabase database, TimeProvider time)
    {
        _database = database;
        Runners = new SqliteRunnerStore(database, time);
    }

    public SqliteRunnerStore Runners { get; }

    public static SqliteTestStore Open(string folder, TimeProvider time) =>
        new(SqliteDatabase.Open(new SqliteOptions { DataFolder = folder }, NullLogger<SqliteDatabase>.Instance), time);

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }
}
