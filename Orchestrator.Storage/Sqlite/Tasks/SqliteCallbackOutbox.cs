using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>The outbox of one process, in the table of its tasks.</summary>
internal sealed class SqliteCallbackOutbox(SqliteDatabase database, SqliteTaskQueue queue) : ICallbackOutbox
{
    private const int TryColumn = 10;

    public ValueTask<CallbackBatch> ClaimCallbacksAsync(int count, TimeSpan visibility, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change =>
            {
                var (database, queue, count, visibility) = change;
                var now = queue.Now;
                var callbacks = database.Writing.Prepare(TaskSql.ClaimCallbacks)
                    .Bind(1, now).Bind(2, now + SqliteTaskQueue.Milliseconds(visibility)).Bind(3, count)
                    .All(row => (Task: TaskRow.Read(row), Try: row.GetInt32(TryColumn)));
                var next = database.Writing.Prepare(TaskSql.NextCallback).First(row => row.GetNullableInt64(0));
                return new CallbackBatch(
                    [.. callbacks.Select(one => new DueCallback(
                        one.Task, one.Try, DateTimeOffset.FromUnixTimeMilliseconds(now) - one.Task.FinishedAt!.Value, one.Try))],
                    next is { } at ? TimeSpan.FromMilliseconds(Math.Max(at - now, 0)) : null);
            },
            (database, queue, count, visibility), cancellationToken);

    public async ValueTask<bool> SettleCallbackAsync(DueCallback callback, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        var settled = await database.WriteAsync(
            static change => change.database.Writing.Prepare(TaskSql.SettleCallback)
                .Bind(1, change.callback.Task.Id)
                .Bind(2, change.callback.Fence)
                .Bind(3, change.retryAfter is { } pause ? change.queue.Now + SqliteTaskQueue.Milliseconds(pause) : null)
                .ExecuteNonQuery() == 1,
            (database, queue, callback, retryAfter), cancellationToken);
        if (settled && retryAfter is not null)
        {
            queue.Signal.Wake();
        }

        return settled;
    }
}
