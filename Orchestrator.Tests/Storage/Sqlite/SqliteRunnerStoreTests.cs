using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>The contract on SQLite.</summary>
public sealed class SqliteRunnerStoreTests : RunnerStoreContract
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    protected override DateTimeOffset Now => _clock.GetUtcNow();

    protected override ValueTask<IRunnerStore> OpenAsync()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        return ValueTask.FromResult<IRunnerStore>(new SqliteRunnerStore(_database, _clock));
    }

    protected override ValueTask CloseAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask AdvanceAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return ValueTask.CompletedTask;
    }
}
