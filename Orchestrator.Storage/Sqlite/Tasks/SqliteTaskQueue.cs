using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Orchestrator.Core;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>
/// The queue of one process, in its <see cref="SqliteDatabase"/>, which commits concurrent changes together. Deadlines go
/// by the given clock.
/// </summary>
internal sealed partial class SqliteTaskQueue : ITaskQueue
{
    private const string Abandoned = "The worker sent no heartbeat within the visibility time-out.";

    private readonly SqliteDatabase _database;
    private readonly TasksOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskTally _tally;

    // Assigned inside changes only; an undone change loses its place, which leaves the order as it is.
    private long _front;
    private long _back;

    public SqliteTaskQueue(SqliteDatabase database, TasksOptions options, TimeProvider time)
    {
        (_database, _options, _time) = (database, options, time);

        // Answered at once: reads never wait.
        _tally = new TaskTally(database.ListAsync(
            static (connection, _) => connection.Prepare(TaskSql.Count).All(row => new TaskCount(row.GetString(0), (TaskPhase)row.GetInt32(1), row.GetInt64(2))),
            0, CancellationToken.None).AsTask().GetAwaiter().GetResult(),
            database.ListAsync(
                static (connection, _) => connection.Prepare(TaskSql.CountBytes).First(row => row.GetInt64(0)),
                0, CancellationToken.None).AsTask().GetAwaiter().GetResult());
        (_front, _back) = database.ListAsync(
            static (connection, _) => connection.Prepare(TaskSql.Places).First(row => (row.GetInt64(0), row.GetInt64(1))),
            0, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    internal WorkSignal Signal { get; } = new();

    internal long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask<EnqueueResult> EnqueueAsync(TaskSpecification spec, CancellationToken cancellationToken)
    {
        var text = TaskJson.WriteText(spec);
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (_tally.Promise(_options, bytes) is { } full)
        {
            // An existing task needs no room.
            if (spec.IdempotencyKey is { } key && await FindAsync(spec.Tenant, key, cancellationToken) is { } known)
            {
                return new EnqueueResult(known, true);
            }

            throw full;
        }

        string? added = null;
        try
        {
            var id = Guid.CreateVersion7().ToString();
            var existing = await _database.WriteAsync(
                static change => change.queue.Insert(change.id, change.spec, change.text),
                (queue: this, id, spec, text), cancellationToken);
            added = existing is null ? spec.Type : null;
            return new EnqueueResult(existing ?? id, existing is not null);
        }
        finally
        {
            _tally.Redeem(added, bytes);
            if (added is not null)
            {
                Signal.Wake();
            }
        }
    }

    public async ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var (tasks, ended, due, toTell) = await _database.WriteAsync(
            static change => change.queue.Claim(change.worker, change.count, change.visibility),
            (queue: this, worker, count, visibility), cancellationToken);
        foreach (var (type, state) in ended)
        {
            _tally.Moved(type, TaskPhase.Running, state, state == TaskPhase.Failed ? Abandoned.Length : 0);
        }

        foreach (var task in tasks)
        {
            _tally.Moved(task.Spec.Type, TaskPhase.Pending, TaskPhase.Running);
        }

        if (toTell)
        {
            Signal.Wake();
        }

        return new ClaimedBatch(tasks, due);
    }

    public ValueTask<IReadOnlyList<bool>> ExtendAsync(
        IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken) =>
        _database.WriteAsync<(SqliteTaskQueue Queue, IReadOnlyList<TaskClaim> Claims, TimeSpan Visibility), IReadOnlyList<bool>>(
            static change =>
            {
                var deadline = change.Queue.Now + Milliseconds(change.Visibility);
                return [.. change.Claims.Select(claim => change.Queue.Prepare(TaskSql.Extend, claim).Bind(3, deadline).ExecuteNonQuery() == 1)];
            },
            (this, claims, visibility), cancellationToken);

    public async ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken)
    {
        var ended = await _database.WriteAsync(
            static change => change.queue.Prepare(TaskSql.Complete, change.claim)
                .Bind(3, change.queue.Now).Bind(4, change.result).First(Ended),
            (queue: this, claim, result), cancellationToken);
        return ended is not null ? Moved(ended, TaskPhase.Running, TaskPhase.Complete, result) : await _database.LookUpAsync(
            static (connection, claim) => connection.Prepare(TaskSql.IsComplete).Bind(1, claim.TaskId).Bind(2, claim.Fence).First(_ => true),
            claim, cancellationToken);
    }

    public async ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        var (retried, ended) = await _database.WriteAsync(
            static change =>
            {
                var (queue, claim, error, retryAfter) = change;
                var now = queue.Now;
                var retried = retryAfter is { } pause
                    ? queue.Prepare(TaskSql.TryAgain, claim).Bind(3, now + Milliseconds(pause)).Bind(4, error).Bind(5, ++queue._back).First(row => row.GetString(0))
                    : null;
                return (retried, retried is null ? queue.Prepare(TaskSql.Fail, claim).Bind(3, now).Bind(4, error).First(Ended) : null);
            },
            (this, claim, error, retryAfter), cancellationToken);
        if (retried is not null)
        {
            _tally.Moved(retried, TaskPhase.Running, TaskPhase.Pending);
            Signal.Wake();
            return FailOutcome.Retrying;
        }

        return Moved(ended, TaskPhase.Running, TaskPhase.Failed, error) ? FailOutcome.Dead : FailOutcome.Stale;
    }

    public async ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        var type = await _database.WriteAsync(
            static change => change.queue.Prepare(TaskSql.Release, change.claim).Bind(3, --change.queue._front).First(row => row.GetString(0)),
            (queue: this, claim), cancellationToken);
        return PutBack(type, TaskPhase.Running);
    }

    public ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken) => _database.LookUpAsync(
        static (connection, taskId) => connection.Prepare(TaskSql.Get).Bind(1, taskId).First(TaskRow.Read), taskId, cancellationToken);

    public async ValueTask<TaskPage> ListAsync(TaskQuery query, CancellationToken cancellationToken)
    {
        var rows = await _database.ListAsync(
            static (connection, query) => Newest(connection, query).All(TaskRow.ReadListed), query, cancellationToken);
        return new TaskPage(
            [.. rows.Select(row => row.Task)],
            rows.Count < query.Limit ? null : CursorOf(rows[^1], query.State));
    }

    public async ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken)
    {
        var ended = await _database.WriteAsync(
            static change => change.queue._database.Writing.Prepare(TaskSql.Cancel).Bind(1, change.taskId).Bind(2, change.queue.Now).First(Ended),
            (queue: this, taskId), cancellationToken);
        return Moved(ended, TaskPhase.Pending, TaskPhase.Cancelled) ? TaskChange.Done : await RefusedAsync(taskId, cancellationToken);
    }

    public async ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken)
    {
        var (type, bytes) = await _database.WriteAsync(
            static change =>
            {
                var connection = change.queue._database.Writing;
                var bytes = connection.Prepare(TaskSql.ErrorBytes).Bind(1, change.taskId).First(row => row.GetInt64(0));
                return (connection.Prepare(TaskSql.Retry).Bind(1, change.taskId).Bind(2, ++change.queue._back).First(row => row.GetString(0)), bytes);
            },
            (queue: this, taskId), cancellationToken);
        return PutBack(type, TaskPhase.Failed, -bytes) ? TaskChange.Done : await RefusedAsync(taskId, cancellationToken);
    }

    public ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_tally.All);

    public async ValueTask<int> PurgeAsync(CancellationToken cancellationToken)
    {
        // Small steps, so that no other change waits long for the writer.
        const int AtOnce = 200;
        const int AtMost = 10_000;
        var forgotten = 0;
        foreach (var state in (TaskPhase[])[TaskPhase.Complete, TaskPhase.Cancelled, TaskPhase.Failed])
        {
            var retention = TimeSpan.FromHours(state == TaskPhase.Failed ? _options.DeadRetentionHours : _options.RetentionHours);
            List<(string Type, long Bytes)> gone;
            do
            {
                gone = await _database.WriteAsync(
                    static change => change.queue._database.Writing.Prepare(TaskSql.Purge)
                        .Bind(1, (long)change.state)
                        .Bind(2, change.queue.Now - Milliseconds(change.retention))
                        .Bind(3, AtOnce)
                        .All(row => (row.GetString(0), row.GetInt64(1))),
                    (queue: this, state, retention), cancellationToken);
                foreach (var (type, bytes) in gone)
                {
                    _tally.Forgotten(type, state, bytes);
                }

                forgotten += gone.Count;
            }
            while (gone.Count == AtOnce && forgotten < AtMost);
        }

        return forgotten;
    }

    public IDisposable OnWork(Action wake) => Signal.Subscribe(wake);

    public async ValueTask PingAsync(CancellationToken cancellationToken) =>
        await _database.LookUpAsync(static (connection, _) => connection.Prepare("SELECT 1").First(_ => true), 0, cancellationToken);

    // Rounded up: a deadline never comes early.
    internal static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);

    private static (string Type, bool HasCallback)? Ended(SqliteDataReader row) => (row.GetString(0), row.GetInt64(1) == 1);

    // A page's place is its last row, and for those that ended the time of that before it.
    private static PageCursor CursorOf((TaskRecord Task, long Row) last, TaskPhase? state) => new(
        IsEnd(state) ? last.Task.FinishedAt!.Value.ToUnixTimeMilliseconds() : last.Row, last.Row.ToString(CultureInfo.InvariantCulture));

    private static bool IsEnd(TaskPhase? state) => state is not (null or TaskPhase.Pending or TaskPhase.Running);

    private static SqliteCommand Newest(StoreConnection connection, TaskQuery query)
    {
        var row = query.After is not { } after ? long.MaxValue
            : long.TryParse(after.Id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var command = query.State switch
        {
            null => connection.Prepare(TaskSql.List),
            TaskPhase.Pending => connection.Prepare(TaskSql.ListPending),
            TaskPhase.Running => connection.Prepare(TaskSql.ListRunning),
            { } ended => connection.Prepare(TaskSql.ListEnded).Bind(4, query.After?.At ?? long.MaxValue).Bind(5, (long)ended),
        };
        return command.Bind(1, query.Limit).Bind(2, query.MaxResultBytes > 0 ? query.MaxResultBytes : -1).Bind(3, row);
    }

    private bool Moved((string Type, bool HasCallback)? ended, TaskPhase from, TaskPhase to, string? text = null)
    {
        if (ended is not { } task)
        {
            return false;
        }

        _tally.Moved(task.Type, from, to, text is null ? 0 : Encoding.UTF8.GetByteCount(text));
        if (task.HasCallback)
        {
            Signal.Wake();
        }

        return true;
    }

    private bool PutBack(string? type, TaskPhase from, long bytes = 0)
    {
        if (type is null)
        {
            return false;
        }

        _tally.Moved(type, from, TaskPhase.Pending, bytes);
        Signal.Wake();
        return true;
    }

    private ValueTask<string?> FindAsync(Tenant tenant, string key, CancellationToken cancellationToken) => _database.LookUpAsync(
        static (connection, whose) => connection.Prepare(TaskSql.FindKey).Bind(1, whose.tenant.Name).Bind(2, whose.key).First(row => row.GetString(0)),
        (tenant, key), cancellationToken);

    private async ValueTask<TaskChange> RefusedAsync(string taskId, CancellationToken cancellationToken) =>
        await _database.LookUpAsync(
            static (connection, taskId) => connection.Prepare(TaskSql.Exists).Bind(1, taskId).First(_ => true), taskId, cancellationToken)
            ? TaskChange.Refused
            : TaskChange.Unknown;

    private SqliteCommand Prepare(string sql, TaskClaim claim) =>
        _database.Writing.Prepare(sql).Bind(1, claim.TaskId).Bind(2, claim.Fence);
}
