using Orchestrator.Core;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>
/// The runners of every instance that shares a Redis or Valkey; their keys are listed at <see cref="RedisRunnerKeys"/>.
/// Every change is one script and one round trip, so it is atomic; it is as durable as the server's append-only file.
/// Deadlines go by Redis' clock.
/// </summary>
/// <remarks>
/// Once sent, a change is waited for even when its caller has left: the store can't know that its answer is no longer
/// wanted. A reservation lives as long as the process that made it (<see cref="RedisReservations"/>), and at most for its
/// given time. A listing has several pages; a runner that exists throughout is in it exactly once.
/// </remarks>
internal sealed class RedisRunnerStore : IRunnerStore, IRunnerChanges
{
    private const int Page = 500;

    private readonly RedisConnection _redis;
    private readonly RedisRunnerKeys _keys;
    private readonly RedisKey[] _root;
    private readonly RedisReservations _reservations;
    private readonly (string Instance, long Number)? _term;

    /// <param name="redis">The connection to the store.</param>
    /// <param name="silence">How long an instance may be silent before others end its reservations.</param>
    /// <param name="time">Measures the time between its heartbeats.</param>
    public RedisRunnerStore(RedisConnection redis, TimeSpan silence, TimeProvider time)
    {
        _redis = redis;
        _keys = new RedisRunnerKeys(redis.KeyPrefix);
        _root = [_keys.Root];
        _reservations = new RedisReservations(redis, _keys.Root, silence, time);
    }

    private RedisRunnerStore(RedisRunnerStore store, string instance, long term)
    {
        (_redis, _keys, _reservations, _term) = (store._redis, store._keys, store._reservations, (instance, term));
        _root = [_keys.Root, _keys.Leader(instance)];
    }

    /// <summary>This store as a leader has it: every call is refused with <see cref="LeadershipLostException"/> once that term is over.</summary>
    public RedisRunnerStore Under(string instance, long term) => new(this, instance, term);

    public IDisposable Subscribe(string template, Action changed) => _redis.Subscribe(_keys.Changed(template), changed);

    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var reservation = request.Reservation;
        var answer = await ChangeAsync(RedisRunnerScripts.Claim, cancellationToken,
            request.Owner.Tenant.Name, (int)request.Owner.Kind, request.Owner.Id,
            RedisRunnerRecord.Write(request.LeaseTime), RedisRunnerRecord.Write(request.MaxLeased), request.FromPool ? 1 : 0,
            reservation.RunnerId, reservation.Template, reservation.Instance, reservation.Token,
            (int)reservation.Network, RedisRunnerRecord.Write(reservation.FirstPort),
            RedisRunnerRecord.Write(_reservations.Begin(reservation.Within)), reservation.Plan);
        var result = new ClaimResult((ClaimOutcome)(int)answer[0], RedisRunnerRecord.Read(answer, 1));
        if (result.Outcome == ClaimOutcome.Reserved)
        {
            _reservations.Keep(result.Runner!, reservation.Within);
        }

        return result;
    }

    public async ValueTask<Runner?> ReserveIdleAsync(Reservation reservation, int target, CancellationToken cancellationToken)
    {
        var reserved = await ChangeRunnerAsync(RedisRunnerScripts.Reserve, cancellationToken,
            target, reservation.RunnerId, reservation.Template, reservation.Instance, reservation.Token,
            (int)reservation.Network, RedisRunnerRecord.Write(reservation.FirstPort),
            RedisRunnerRecord.Write(_reservations.Begin(reservation.Within)), reservation.Plan);
        if (reserved is not null)
        {
            _reservations.Keep(reserved, reservation.Within);
        }

        return reserved;
    }

    public ValueTask<Runner?> MovePortAsync(string runnerId, long fence, int taken, CancellationToken cancellationToken) =>
        ChangeRunnerAsync(RedisRunnerScripts.MovePort, cancellationToken, runnerId, fence, taken);

    public ValueTask<Runner?> AttachAsync(
        string runnerId, long fence, RunnerPlacement placement, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        EndReservationAsync(RedisRunnerScripts.Attach, runnerId, cancellationToken,
            runnerId, fence, RedisRunnerRecord.Write(placement), RedisRunnerRecord.Write(placement.Port), RedisRunnerRecord.Write(leaseTime));

    public ValueTask<Runner?> TouchAsync(string template, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        ChangeRunnerAsync(RedisRunnerScripts.Touch, cancellationToken,
            template, owner.Tenant.Name, (int)owner.Kind, owner.Id, RedisRunnerRecord.Write(leaseTime));

    public async ValueTask<bool> ExtendAsync(
        Runner seen, TimeSpan idleFor, TimeSpan leaseTime, TimeSpan maxExtension, CancellationToken cancellationToken) =>
        await ChangeNumberAsync(RedisRunnerScripts.Extend, cancellationToken,
            seen.Id, seen.Fence, RedisRunnerRecord.Write(seen.ExpiresAt), Math.Max(0, (long)idleFor.TotalMilliseconds),
            RedisRunnerRecord.Write(leaseTime), RedisRunnerRecord.Write(maxExtension)) == 1;

    public ValueTask<Runner?> ExpireAsync(Runner seen, CancellationToken cancellationToken) =>
        ChangeRunnerAsync(RedisRunnerScripts.Expire, cancellationToken, seen.Id, seen.Fence, RedisRunnerRecord.Write(seen.ExpiresAt));

    public ValueTask<Runner?> BeginRemoveAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        EndReservationAsync(RedisRunnerScripts.BeginRemove, runnerId, cancellationToken, runnerId, fence);

    public ValueTask<Runner?> ReturnAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        ChangeRunnerAsync(RedisRunnerScripts.Return, cancellationToken, runnerId, fence);

    public async ValueTask<bool> DeleteAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        await ChangeNumberAsync(RedisRunnerScripts.Delete, cancellationToken, runnerId, fence) == 1;

    public ValueTask<Runner?> AdoptAsync(Runner runner, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        ChangeRunnerAsync(RedisRunnerScripts.Adopt, cancellationToken,
            runner.Id, runner.Template, runner.Instance, owner.Tenant.Name, (int)owner.Kind, owner.Id,
            RedisRunnerRecord.Write(leaseTime), runner.Token ?? "",
            (int)runner.Network, RedisRunnerRecord.Write(runner.Port ?? runner.Placement?.Port),
            runner.Placement is { } placement ? RedisRunnerRecord.Write(placement) : RedisValue.EmptyString, runner.Plan ?? "");

    public async ValueTask<int> RenewAllAsync(string instance, string template, TimeSpan leaseTime, CancellationToken cancellationToken) =>
        await ChangeNumberAsync(RedisRunnerScripts.Renew, cancellationToken, instance, template, RedisRunnerRecord.Write(leaseTime));

    public async ValueTask<Runner?> GetAsync(string runnerId, CancellationToken cancellationToken) =>
        RedisRunnerRecord.Read(await ReadAsync(RedisRunnerScripts.Get, cancellationToken, runnerId), 0);

    public async ValueTask<Runner?> FindAsync(string template, Owner owner, CancellationToken cancellationToken) =>
        RedisRunnerRecord.Read(await ReadAsync(RedisRunnerScripts.Find, cancellationToken, template, owner.Tenant.Name, (int)owner.Kind, owner.Id), 0);

    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, CancellationToken cancellationToken) =>
        ListAsync(instance, tenant: "", cancellationToken);

    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, Tenant tenant, CancellationToken cancellationToken) =>
        ListAsync(instance, tenant.Name, cancellationToken);

    public async ValueTask<IReadOnlyList<Runner>> ListExpiredAsync(string instance, CancellationToken cancellationToken) =>
        [.. RedisRunnerRecord.ReadAll(await ReadAsync(RedisRunnerScripts.ListExpired, cancellationToken, instance), 0)];

    public async ValueTask<PoolCounts> CountAsync(string instance, string template, CancellationToken cancellationToken)
    {
        var counts = await _redis.CallAsync(database => database.HashGetAsync(
            _keys.Counts(instance, template), ["idle", "refilling", "creating", "leased", "removing"])).WaitAsync(cancellationToken);
        var numbers = Array.ConvertAll(counts, count => count.IsNull ? 0 : (int)count);
        return new PoolCounts(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    }

    public async ValueTask TestWriteAsync(CancellationToken cancellationToken) => await _redis.TestWriteAsync(cancellationToken);

    // In pages, so that no other call waits long for Redis; of one tenant, or with '' of all.
    private async ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, string tenant, CancellationToken cancellationToken)
    {
        List<Runner> runners = [];
        for (var from = "0"; from.Length > 0;)
        {
            var answer = await ReadAsync(RedisRunnerScripts.List, cancellationToken, instance, tenant, from, Page);
            runners.AddRange(RedisRunnerRecord.ReadAll(answer, 1));
            from = answer[0].ToString();
        }

        return runners;
    }

    private ValueTask<Runner?> EndReservationAsync(
        RedisScript script, string runnerId, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        // Before the call to Redis: a caller whose call fails stops making the runner, and the reservation expires.
        _reservations.Forget(runnerId);
        return ChangeRunnerAsync(script, cancellationToken, arguments);
    }

    private async ValueTask<Runner?> ChangeRunnerAsync(RedisScript script, CancellationToken cancellationToken, params RedisValue[] arguments) =>
        RedisRunnerRecord.Read(await ChangeAsync(script, cancellationToken, arguments), 0);

    private async Task<int> ChangeNumberAsync(RedisScript script, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (int)await EvaluateAsync(script, arguments);
    }

    private async Task<RedisValue[]> ChangeAsync(RedisScript script, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (RedisValue[])(await EvaluateAsync(script, arguments))!;
    }

    private async Task<RedisValue[]> ReadAsync(RedisScript script, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (RedisValue[])(await EvaluateAsync(script, arguments).WaitAsync(cancellationToken))!;
    }

    private async Task<RedisResult> EvaluateAsync(RedisScript script, RedisValue[] arguments)
    {
        if (_term is not { } term)
        {
            return await _redis.EvaluateAsync(script, _root, arguments);
        }

        try
        {
            return await _redis.EvaluateAsync(script, _root, [.. arguments, term.Number]);
        }
        catch (RedisServerException e) when (e.IsStaleTerm())
        {
            throw new LeadershipLostException(term.Instance, e);
        }
    }
}
