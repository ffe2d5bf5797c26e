using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Tasks;

namespace Orchestrator.Tests.Storage.Sqlite;

public sealed class SqliteTaskQueueTests : TaskQueueContract
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    protected override ValueTask<(ITaskQueue Queue, ICallbackOutbox Outbox)> OpenAsync(TasksOptions options)
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        var queue = new SqliteTaskQueue(_database, options, _clock);
        return ValueTask.FromResult<(ITaskQueue, ICallbackOutbox)>((queue, new SqliteCallbackOutbox(_database, queue)));
    }

    public override ValueTask DisposeAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override Task PassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Open_AnotherTime_FindsEverythingAsItWas()
    {
        var claimed = await AddAsync();
        var waiting = await AddAsync();
        await ClaimAsync(visibility: TimeSpan.FromSeconds(10));
        _database!.Dispose();

        var (queue, _) = await OpenAsync(Options);

        Assert.Equal(2, (await queue.CountAsync(Cancel)).Sum(count => count.Count));
        Assert.Equal(waiting, (await queue.ClaimAsync("w", 5, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim.TaskId);
        await PassAsync(TimeSpan.FromSeconds(11));
        Assert.Equal(claimed, (await queue.ClaimAsync("w", 5, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim.TaskId);
        Assert.Equal(TaskPhase.Running, (await queue.CountAsync(Cancel)).Single().State);
    }
}
