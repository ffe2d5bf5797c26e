using Orchestrator.Core;

namespace Orchestrator.Storage.Sqlite.Runners;

/// <summary>Runners as rows.</summary>
internal static class RunnerRow
{
    // 9999-12-31, the last moment that a DateTimeOffset holds.
    private const long LastMoment = 253_402_300_799_999;

    /// <summary>The runner of a row with the columns of <see cref="RunnerSql"/>.</summary>
    public static Runner Read(SqliteStatement row) => new()
    {
        Id = row.Text(0),
        Template = row.Text(1),
        Instance = row.Text(2),
        State = (RunnerState)row.Int32(3),
        Fence = row.Int64(4),
        Owner = row.NullableInt32(5) is { } kind ? new Owner((OwnerKind)kind, row.Text(6)) : null,
        ExpiresAt = Time(row.NullableInt64(7)),
        ContactAt = Time(row.NullableInt64(8)),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(9)),
        IdleSince = Time(row.NullableInt64(10)),
        Token = row.NullableText(11),
        Network = (RunnerNetwork)row.Int32(12),
        HostPort = row.NullableInt32(13),
        Placement = row.NullableText(14) is { } container
            ? new RunnerPlacement(container, row.Text(15), row.Text(16), row.NullableText(17), row.NullableInt32(18))
            : null,
    };

    /// <summary>Binds a placement's five columns, or nulls.</summary>
    public static SqliteStatement Bind(this SqliteStatement statement, int first, RunnerPlacement? placement) => statement
        .Bind(first, placement?.ContainerId)
        .Bind(first + 1, placement?.Image)
        .Bind(first + 2, placement?.ImageId)
        .Bind(first + 3, placement?.Address)
        .Bind(first + 4, placement?.HostPort);

    /// <summary>Binds an owner's two columns, or nulls.</summary>
    public static SqliteStatement Bind(this SqliteStatement statement, int first, Owner? owner) => statement
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
