using Microsoft.Data.Sqlite;
using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Storage.Sqlite.Runners;

/// <summary>
/// The runners of one process, in its <see cref="SqliteDatabase"/>. Deadlines go by the given clock. Reservations of an
/// earlier process are expired when the database opens: no process can be making those runners any more.
/// </summary>
public sealed class SqliteRunnerStore(SqliteDatabase database, TimeProvider time) : IRunnerStore
{
    private const int LastPort = 65_535;

    private StoreConnection Writing => database.Writing;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc />
    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        database.WriteAsync(static change => change.store.Claim(change.request), (store: this, request), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> ReserveIdleAsync(Reservation reservation, int target, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change =>
            {
                var (store, reservation, target) = change;
                var counts = Count(store.Writing, (reservation.Instance, reservation.Template));
                return counts.Idle + counts.Refilling < target ? store.Reserve(reservation, null) : null;
            },
            (this, reservation, target), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> MovePortAsync(string runnerId, long fence, int taken, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change =>
            {
                var (store, runnerId, fence, taken) = change;
                var instance = store.Prepare(RunnerSql.IsCreating).Bind(1, runnerId).Bind(2, fence).First(row => row.GetString(0));
                return instance is not null && store.FreePort(instance, taken + 1) is { } port
                    ? store.Change(RunnerSql.MovePort, runnerId, fence).Bind(3, port).First(RunnerRow.Read)
                    : null;
            },
            (this, runnerId, fence, taken), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> AttachAsync(
        string runnerId, long fence, RunnerPlacement placement, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change =>
            {
                var (store, runnerId, fence, placement, leaseTime) = change;
                var now = store.Now;
                return store.Change(RunnerSql.Attach, runnerId, fence)
                    .Bind(3, store.NextFence())
                    .Bind(4, RunnerRow.Deadline(now, leaseTime))
                    .Bind(5, now)
                    .Bind(6, placement)
                    .First(RunnerRow.Read);
            },
            (this, runnerId, fence, placement, leaseTime), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> TouchAsync(string template, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Touch(change.template, change.owner, change.leaseTime),
            (store: this, template, owner, leaseTime), cancellationToken);

    /// <inheritdoc />
    public ValueTask<bool> ExtendAsync(
        Runner seen, TimeSpan idleFor, TimeSpan leaseTime, TimeSpan maxExtension, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change =>
            {
                var (store, seen, idleFor, leaseTime, maxExtension) = change;
                return store.Change(RunnerSql.Extend, seen.Id, seen.Fence)
                    .Bind(3, seen.ExpiresAt?.ToUnixTimeMilliseconds())
                    .Bind(4, Math.Max(0, RunnerRow.Milliseconds(idleFor)))
                    .Bind(5, RunnerRow.Milliseconds(leaseTime))
                    .Bind(6, RunnerRow.Milliseconds(maxExtension))
                    .Bind(7, store.Now)
                    .ExecuteNonQuery() > 0;
            },
            (this, seen, idleFor, leaseTime, maxExtension), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> ExpireAsync(Runner seen, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Change(RunnerSql.Expire, change.seen.Id, change.seen.Fence)
                .Bind(3, change.seen.ExpiresAt?.ToUnixTimeMilliseconds())
                .Bind(4, change.store.Now)
                .Bind(5, change.store.NextFence())
                .First(RunnerRow.Read),
            (store: this, seen), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> BeginRemoveAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Change(RunnerSql.BeginRemove, change.runnerId, change.fence)
                .Bind(3, change.store.NextFence())
                .First(RunnerRow.Read),
            (store: this, runnerId, fence), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> ReturnAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Change(RunnerSql.Return, change.runnerId, change.fence)
                .Bind(3, change.store.NextFence())
                .Bind(4, change.store.Now)
                .First(RunnerRow.Read),
            (store: this, runnerId, fence), cancellationToken);

    /// <inheritdoc />
    public ValueTask<bool> DeleteAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Change(RunnerSql.Delete, change.runnerId, change.fence).ExecuteNonQuery() > 0,
            (store: this, runnerId, fence), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> AdoptAsync(Runner runner, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Adopt(change.runner, change.owner, change.leaseTime),
            (store: this, runner, owner, leaseTime), cancellationToken);

    /// <inheritdoc />
    public ValueTask<int> RenewAllAsync(string instance, string template, TimeSpan leaseTime, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static change => change.store.Prepare(RunnerSql.RenewAll)
                .Bind(1, change.instance)
                .Bind(2, change.template)
                .Bind(3, RunnerRow.Deadline(change.store.Now, change.leaseTime))
                .ExecuteNonQuery(),
            (store: this, instance, template, leaseTime), cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> GetAsync(string runnerId, CancellationToken cancellationToken) =>
        database.LookUpAsync(
            static (connection, id) => connection.Prepare(RunnerSql.Get).Bind(1, id).First(RunnerRow.Read),
            runnerId, cancellationToken);

    /// <inheritdoc />
    public ValueTask<Runner?> FindAsync(string template, Owner owner, CancellationToken cancellationToken) =>
        database.LookUpAsync(
            static (connection, whose) => connection.Prepare(RunnerSql.Find).Bind(1, whose.template).Bind(2, whose.owner).First(RunnerRow.Read),
            (template, owner), cancellationToken);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, CancellationToken cancellationToken) =>
        database.ListAsync<string, IReadOnlyList<Runner>>(
            static (connection, instance) => connection.Prepare(RunnerSql.List).Bind(1, instance).All(RunnerRow.Read),
            instance, cancellationToken);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, Tenant tenant, CancellationToken cancellationToken) =>
        database.ListAsync<(string Instance, Tenant Tenant), IReadOnlyList<Runner>>(
            static (connection, whose) => connection.Prepare(RunnerSql.ListOfTenant)
                .Bind(1, whose.Instance).Bind(2, whose.Tenant.Name).All(RunnerRow.Read),
            (instance, tenant), cancellationToken);

    /// <inheritdoc />
    // In its turn among the changes: while the disk refuses writes, heartbeats wait there as well.
    public ValueTask<IReadOnlyList<Runner>> ListExpiredAsync(string instance, CancellationToken cancellationToken) =>
        database.WriteAsync<(SqliteRunnerStore Store, string Instance), IReadOnlyList<Runner>>(
            static at => at.Store.Prepare(RunnerSql.ListExpired).Bind(1, at.Instance).Bind(2, at.Store.Now).All(RunnerRow.Read),
            (this, instance), cancellationToken);

    /// <inheritdoc />
    // Only the connection that changes runners knows how many there are.
    public ValueTask<PoolCounts> CountAsync(string instance, string template, CancellationToken cancellationToken) =>
        database.WriteAsync(
            static pool => Count(pool.Store.Writing, (pool.Instance, pool.Template)),
            (Store: this, Instance: instance, Template: template), cancellationToken);

    /// <inheritdoc />
    public async ValueTask TestWriteAsync(CancellationToken cancellationToken) =>
        await database.WriteAsync(
            static database => database.Writing.Prepare(RunnerSql.TestWrite).ExecuteNonQuery(), database, cancellationToken);

    private static PoolCounts Count(StoreConnection connection, (string Instance, string Template) pool) =>
        connection.Prepare(RunnerSql.Count).Bind(1, pool.Template).Bind(2, pool.Instance)
            .First(row => new PoolCounts(row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4)));

    private ClaimResult Claim(ClaimRequest request)
    {
        var (owner, reservation) = (request.Owner, request.Reservation);
        var existing = Prepare(RunnerSql.Find).Bind(1, reservation.Template).Bind(2, owner).First(RunnerRow.Read);
        if (existing is not null)
        {
            return new ClaimResult(ClaimOutcome.Existing, Touch(reservation.Template, owner, request.LeaseTime) ?? existing);
        }

        if (request.MaxLeased is { } limit && Prepare(RunnerSql.CountOwned).Bind(1, reservation.Template).First(row => row.GetInt64(0)) >= limit)
        {
            return new ClaimResult(ClaimOutcome.Full, null);
        }

        if (request.FromPool && LeaseIdle(request) is { } warm)
        {
            return new ClaimResult(ClaimOutcome.Warm, warm);
        }

        return Reserve(reservation, owner) is { } reserved
            ? new ClaimResult(ClaimOutcome.Reserved, reserved)
            : new ClaimResult(ClaimOutcome.Full, null);
    }

    private Runner? LeaseIdle(ClaimRequest request)
    {
        var now = Now;
        return Prepare(RunnerSql.LeaseIdle)
            .Bind(1, request.Reservation.Template)
            .Bind(2, request.Reservation.Instance)
            .Bind(3, request.Owner)
            .Bind(6, RunnerRow.Deadline(now, request.LeaseTime))
            .Bind(7, now)
            .Bind(8, NextFence())
            .Bind(9, request.Reservation.Plan)
            .First(RunnerRow.Read);
    }

    // Null when ports have run out.
    private Runner? Reserve(Reservation reservation, Owner? owner)
    {
        var port = reservation.FirstPort is { } first ? FreePort(reservation.Instance, first) : null;
        if (port is null && reservation.FirstPort is not null)
        {
            return null;
        }

        var now = Now;
        return Insert(
            reservation.RunnerId, reservation.Template, reservation.Instance, RunnerState.Creating, owner,
            RunnerRow.Deadline(now, reservation.Within), now, reservation.Token, reservation.Network, port, null, reservation.Plan);
    }

    private Runner? Adopt(Runner runner, Owner owner, TimeSpan? leaseTime)
    {
        var port = runner.Port ?? runner.Placement?.Port;
        var known = Prepare(RunnerSql.IsKnown)
            .Bind(1, runner.Id).Bind(2, runner.Template).Bind(3, owner).Bind(6, runner.Instance).Bind(7, port)
            .First(row => row.GetInt64(0));
        if (known != 0)
        {
            return null;
        }

        var now = Now;
        return Insert(
            runner.Id, runner.Template, runner.Instance, RunnerState.Leased, owner,
            RunnerRow.Deadline(now, leaseTime), now, runner.Token, runner.Network, port, runner.Placement, runner.Plan);
    }

    private Runner? Insert(
        string id, string template, string instance, RunnerState state, Owner? owner, long? expiresAt, long now,
        string? token, RunnerNetwork network, int? port, RunnerPlacement? placement, string? plan) =>
        Prepare(RunnerSql.Insert)
            .Bind(1, id).Bind(2, template).Bind(3, instance).Bind(4, (long)state).Bind(5, NextFence())
            .Bind(6, owner).Bind(9, expiresAt).Bind(10, owner is null ? null : now).Bind(11, now)
            .Bind(12, token).Bind(13, (long)network).Bind(14, port).Bind(15, port is null ? 0 : 1).Bind(16, placement).Bind(21, plan)
            .First(RunnerRow.Read);

    private Runner? Touch(string template, Owner owner, TimeSpan? leaseTime)
    {
        var now = Now;
        return Prepare(RunnerSql.Touch)
            .Bind(1, template).Bind(2, owner).Bind(5, RunnerRow.Deadline(now, leaseTime)).Bind(6, now)
            .First(RunnerRow.Read);
    }

    private int? FreePort(string instance, int from) =>
        Prepare(RunnerSql.FreePort).Bind(1, instance).Bind(2, from).First(row => row.GetNullableInt32(0)) is { } port and <= LastPort ? port : null;

    private long NextFence() => database.NextFence();

    private SqliteCommand Change(string sql, string runnerId, long fence) => Prepare(sql).Bind(1, runnerId).Bind(2, fence);

    private SqliteCommand Prepare(string sql) => Writing.Prepare(sql);
}
