using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>Tasks as rows.</summary>
internal static class TaskRow
{
    /// <summary>The task of a row with the columns of <see cref="TaskSql"/>.</summary>
    public static TaskRecord Read(SqliteStatement row) => new()
    {
        Id = row.Text(0),
        Spec = TaskJson.Read(row.Text(1)),
        State = (TaskState)row.Int32(2),
        Attempts = row.Int32(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(4)),
        StartedAt = Time(row.NullableInt64(5)),
        FinishedAt = Time(row.NullableInt64(6)),
        HandledBy = row.NullableText(7),
        Result = row.NullableText(8),
        Error = row.NullableText(9),
    };

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
