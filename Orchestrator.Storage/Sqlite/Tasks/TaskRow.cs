using Microsoft.Data.Sqlite;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>Tasks as rows.</summary>
internal static class TaskRow
{
    /// <summary>The task of a row with the columns of <see cref="TaskSql"/>.</summary>
    public static TaskRecord Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Spec = TaskJson.Read(row.GetString(1)),
        State = (TaskPhase)row.GetInt32(2),
        Attempts = row.GetInt32(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        StartedAt = Time(row.GetNullableInt64(5)),
        FinishedAt = Time(row.GetNullableInt64(6)),
        HandledBy = row.GetNullableString(7),
        Result = row.GetNullableString(8),
        Error = row.GetNullableString(9),
    };

    /// <summary>The task of a row of a list.</summary>
    /// <returns>The task, and the row's number.</returns>
    public static (TaskRecord Task, long Row) ReadListed(SqliteDataReader row) => (Read(row), row.GetInt64(10));

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
