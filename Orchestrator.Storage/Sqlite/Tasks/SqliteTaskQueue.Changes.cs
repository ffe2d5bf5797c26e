using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

// The changes of several statements, which run inside the writer's turn.
internal sealed partial class SqliteTaskQueue
{
    private string? Insert(string id, TaskSpecification spec, string text)
    {
        var connection = _database.Writing;
        if (spec.IdempotencyKey is { } key
            && connection.Prepare(TaskSql.FindKey).Bind(1, spec.Tenant.Name).Bind(2, key).First(row => row.GetString(0)) is { } existing)
        {
            return existing;
        }

        var now = Now;
        connection.Prepare(TaskSql.Insert)
            .Bind(1, id)
            .Bind(2, spec.Type)
            .Bind(3, text)
            .Bind(4, ++_back)
            .Bind(5, spec.RunAt?.ToUnixTimeMilliseconds() is { } due && due > now ? due : null)
            .Bind(6, spec.MaxAttempts)
            .Bind(7, now)
            .Bind(8, spec.IdempotencyKey)
            .Bind(9, spec.Callback is null ? 0 : 1)
            .Bind(10, spec.Tenant.Name)
            .ExecuteNonQuery();
        return null;
    }

    private (IReadOnlyList<ClaimedTask> Tasks, List<(string Type, TaskPhase State)> Ended, TimeSpan? Due, bool ToTell) Claim(
        string worker, int count, TimeSpan visibility)
    {
        var connection = _database.Writing;
        var now = Now;
        var time = DateTimeOffset.FromUnixTimeMilliseconds(now);
        var ended = connection.Prepare(TaskSql.TakeBackAbandoned).Bind(1, now).Bind(2, _front - 1).Bind(3, Abandoned)
            .All(row => (row.GetString(0), (TaskPhase)row.GetInt32(1)));
        if (ended.Count > 0)
        {
            _front--;
        }

        connection.Prepare(TaskSql.WakeDelayed).Bind(1, now).ExecuteNonQuery();
        var rows = connection.Prepare(TaskSql.Claim)
            .Bind(1, now).Bind(2, now + Milliseconds(visibility)).Bind(3, worker).Bind(4, count)
            .All(row => (
                Place: row.GetInt64(5),
                N: row.GetInt64(6),
                Task: new ClaimedTask(
                    new TaskClaim(row.GetString(0), row.GetInt64(1)), TaskJson.Read(row.GetString(2)), row.GetInt32(3),
                    DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)), time)));
        var due = rows.Count == count ? now : connection.Prepare(TaskSql.NextDue).First(row => row.GetNullableInt64(0));
        return (
            [.. rows.OrderBy(row => row.Place).ThenBy(row => row.N).Select(row => row.Task)],
            ended,
            due is { } at ? TimeSpan.FromMilliseconds(Math.Max(at - now, 0)) : null,
            ended.Any(one => one.Item2 == TaskPhase.Failed));
    }
}
