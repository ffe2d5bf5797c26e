using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Mining;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Mining;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>The contract on SQLite.</summary>
public sealed class SqliteShareLedgerTests : ShareLedgerContract
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase _database = null!;

    [Fact]
    public async Task Append_Share_CarriesTheClocksTime()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(1_234));
        await Ledger.AppendAsync(Of("a"), true, Cancel);

        Assert.Equal(_clock.GetUtcNow(), Assert.Single((await Ledger.AuditAsync(Cancel)).Recent).Timestamp);
    }

    private protected override ValueTask<IShareLedger> OpenAsync()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        return OpenAnotherAsync();
    }

    // The data folder belongs to one process, so another side is another part of this one.
    private protected override ValueTask<IShareLedger> OpenAnotherAsync() =>
        ValueTask.FromResult<IShareLedger>(new SqliteShareLedger(_database, _clock));

    // What a kill leaves is shown with a real process in MiningKillTests.
    private protected override ValueTask<IShareLedger> RestartAsync()
    {
        _database.Dispose();
        return OpenAsync();
    }

    private protected override ValueTask<long> CountKeptAsync() => _database.LookUpAsync(
        static (connection, _) => connection.Prepare(
            "SELECT (SELECT count(*) FROM shares) + (SELECT count(*) FROM share_rounds) + (SELECT count(*) FROM share_workers) + " +
            "(SELECT count(*) FROM share_invalid_workers)").First(row => row.GetInt64(0)),
        0, Cancel);

    private protected override ValueTask BreakAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected override ValueTask CloseAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
