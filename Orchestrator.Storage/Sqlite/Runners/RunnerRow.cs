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
        Owner = row.GetNullableString(5) is { } tenant ? new Owner(new Tenant(tenant), (OwnerKind)row.GetInt32(6), row.GetString(7)) : null,
        ExpiresAt = Time(row.GetNullableInt64(8)),
        ContactAt = Time(row.GetNullableInt64(9)),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(10)),
        IdleSince = Time(row.GetNullableInt64(11)),
        Token = row.GetNullableString(12),
        Network = (RunnerNetwork)row.GetInt32(13),
        Port = row.GetNullableInt32(14),
        Plan = row.GetNullableString(20),
        Placement = row.GetNullableString(15) is { } handle
            ? new RunnerPlacement(handle, row.GetString(16), row.GetString(17), row.GetNullableString(18), row.GetNullableInt32(19))
            : null,
    };

    /// <summary>Binds a placement's five columns, or nulls.</summary>
    public static SqliteCommand Bind(this SqliteCommand command, int first, RunnerPlacement? placement) => command
        .Bind(first, placement?.Handle)
        .Bind(first + 1, placement?.Image)
        .Bind(first + 2, placement?.ImageId)
        .Bind(first + 3, placement?.Address)
        .Bind(first + 4, placement?.Port);

    /// <summary>Binds an owner's three columns, or nulls.</summary>
    public static SqliteCommand Bind(this SqliteCommand command, int first, Owner? owner) => command
        .Bind(first, owner?.Tenant.Name)
        .Bind(first + 1, (long?)owner?.Kind)
        .Bind(first + 2, owner?.Id);

    /// <summary>A time as stored; the end of time for any later one.</summary>
    public static long? Deadline(long now, TimeSpan? after) =>
        after is { } time ? Math.Min(now + Milliseconds(time), LastMoment) : null;

    /// <summary>A span as stored.</summary>
    public static long Milliseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMillisecond;

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}
