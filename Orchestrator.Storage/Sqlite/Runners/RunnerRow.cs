using Microsoft.Data.Sqlite;
using Orchestrator.Core;

namespace Orchestrator.Storage.Sqlite.Runners;

/// <summary>Runners as rows.</summary>
internal static class RunnerRow
{
    // 9999-12-31, the last moment that a DateTimeOffset holds.
    private const long LastMoment = 253_402_300_799_999;

    /// <summary>The runner of a row with the columns of <see cref="RunnerSql"/>.</summary>
    public static Runner Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Template = row.GetString(1),
        Instance = row.GetString(2),
        State = (RunnerState)row.GetInt32(3),
        Fence = row.GetInt64(4),
        Owner = row.GetNullableInt32(5) is { } kind ? new Owner((OwnerKind)kind, row.GetString(6)) : null,
        ExpiresAt = Time(row.GetNullableInt64(7)),
        ContactAt = Time(row.GetNullableInt64(8)),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(9)),
        IdleSince = Time(row.GetNullableInt64(10)),
        Token = row.GetNullableString(11),
        Network = (RunnerNetwork)row.GetInt32(12),
        Port = row.GetNullableInt32(13),
        Plan = row.GetNullableString(19),
        Placement = row.GetNullableString(14) is { } handle
            ? new RunnerPlacement(handle, row.GetString(15), row.GetString(16), row.GetNullableString(17), row.GetNullableInt32(18))
            : null,
    };

    /// <summary>Binds a placement's five columns, or nulls.</summary>
    public static SqliteCommand Bind(this SqliteCommand command, int first, RunnerPlacement? placement) => command
        .Bind(first, placement?.Handle)
        .Bind(first + 1, placement?.Image)
        .Bind(first + 2, placement?.ImageId)
        .Bind(first + 3, placement?.Address)
        .Bind(first + 4, placement?.Port);

    /// <summary>Binds an owner's two columns, or nulls.</summary>
    public static SqliteCommand Bind(this SqliteCommand command, int first, Owner? owner) => command
        .Bind(first, (long?)owner?.Kind)
        .Bind(first + 1, owner?.Id);

    /// <summary>A time as it is stored; the end of time for what is past it.</summary>
    public static long? Deadline(long now, TimeSpan? after) =>
        after is { } time ? Math.Min(now + Milliseconds(time), LastMoment) : null;

    /// <summary>A span as it is stored.</summary>
    public static long Milliseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMillisecond;

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
