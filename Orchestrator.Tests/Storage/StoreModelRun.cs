using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

/// <summary>
/// Makes the same random calls to a store and to a model of it, the simplest that could be right: a list that is
/// searched from end to end. What they answer and hold afterwards must not differ.
/// </summary>
internal sealed partial class StoreModelRun(IRunnerStore store, int sample, Func<DateTimeOffset> now, bool exactTimes, CancellationToken cancel)
{
    private const int FirstPort = 65_530;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    private readonly List<Runner> _model = [];
    private readonly string _instance = $"instance-{sample}";
    private readonly string[] _templates = [$"session-{sample}", $"machine-{sample}"];
    private readonly Tenant[] _tenants = [Tenant.Default, new($"tenant-{sample}")];
    private long _highestFence;
    private int _made;

    public Task StepAsync(Random random) => random.Next(13) switch
    {
        0 or 1 or 2 => ClaimAsync(random),
        3 => ReserveIdleAsync(random),
        4 or 5 => AttachAsync(random),
        6 => TouchAsync(random),
        7 => ExpireAsync(random),
        8 => random.Next(3) == 0 ? DeleteAsync(random) : BeginRemoveAsync(random),
        9 => ReturnAsync(random),
        10 => AdoptAsync(random),
        11 => random.Next(2) == 0 ? MovePortAsync(random) : ExtendAsync(random),
        _ => RenewAllAsync(random),
    };

    /// <summary>Holds the whole store against the model, and the model against the invariants.</summary>
    public async Task CompareAsync()
    {
        var stored = await store.ListAsync(_instance, cancel);
        Assert.Equal(_model.Select(Comparable).OrderBy(runner => runner.Id), stored.Select(Comparable).OrderBy(runner => runner.Id));

        var owned = _model.Where(runner => runner.Owner is not null).ToList();
        Assert.Equal(owned.Count, owned.DistinctBy(runner => (runner.Template, runner.Owner)).Count());
        Assert.Equal(_model.Count, _model.DistinctBy(runner => runner.Fence).Count());
        foreach (var tenant in _tenants)
        {
            Assert.Equal(
                owned.Where(runner => runner.Owner!.Value.Tenant == tenant).Select(runner => runner.Id).Order(),
                (await store.ListAsync(_instance, tenant, cancel)).Select(runner => runner.Id).Order());
        }

        foreach (var template in _templates)
        {
            Assert.Equal(Count(template), await store.CountAsync(_instance, template, cancel));
        }

        if (exactTimes)
        {
            var expired = _model.Where(runner => IsLive(runner) && runner.ExpiresAt <= now()).Select(runner => runner.Id).Order();
            Assert.Equal(expired, (await store.ListExpiredAsync(_instance, cancel)).Select(runner => runner.Id).Order());
        }
    }

    private async Task ClaimAsync(Random random)
    {
        var (template, owner) = (Template(random), Someone(random));
        int? limit = random.Next(2) == 0 ? random.Next(5) : null;
        TimeSpan? lease = random.Next(5) == 0 ? null : Lease;
        var pool = random.Next(4) != 0;
        var reservation = Reservation(template, Plan(random));
        var result = await store.ClaimAsync(new ClaimRequest(owner, lease, limit, pool, reservation), cancel);

        var mine = _model.Find(runner => runner.Template == template && runner.Owner == owner);
        var idle = _model.Where(runner => runner.Template == template && runner.State == RunnerState.Idle && runner.Plan == reservation.Plan).ToList();
        if (mine is not null)
        {
            Assert.Equal(ClaimOutcome.Existing, result.Outcome);
            Expect(mine, mine.State == RunnerState.Leased ? mine with { ExpiresAt = now() + lease, ContactAt = now() } : mine, result.Runner);
        }
        else if (limit is { } most && Count(template) is var count && count.Creating + count.Leased >= most)
        {
            Assert.Equal((ClaimOutcome.Full, null), (result.Outcome, result.Runner));
        }
        else if (pool && idle.Count > 0)
        {
            Assert.Equal(ClaimOutcome.Warm, result.Outcome);
            var taken = idle.Single(runner => runner.Id == result.Runner!.Id);
            Assert.Equal(idle.Min(runner => runner.IdleSince), taken.IdleSince);
            ExpectNew(taken, taken with { State = RunnerState.Leased, Owner = owner, ExpiresAt = now() + lease, ContactAt = now() }, result.Runner);
        }
        else if (reservation.FirstPort is not null && FreePort(FirstPort) is null)
        {
            Assert.Equal((ClaimOutcome.Full, null), (result.Outcome, result.Runner));
        }
        else
        {
            Assert.Equal(ClaimOutcome.Reserved, result.Outcome);
            ExpectReserved(reservation, owner, result.Runner);
        }
    }

    private async Task ReserveIdleAsync(Random random)
    {
        var template = Template(random);
        var target = random.Next(5);
        var reservation = Reservation(template, Plan(random));
        var reserved = await store.ReserveIdleAsync(reservation, target, cancel);

        var count = Count(template);
        if (count.Idle + count.Refilling >= target || (reservation.FirstPort is not null && FreePort(FirstPort) is null))
        {
            Assert.Null(reserved);
        }
        else
        {
            ExpectReserved(reservation, null, reserved);
        }
    }

    private async Task AttachAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Creating);
        var placement = new RunnerPlacement("c", "i", "sha", null, runner.Port ?? 40_000 + random.Next(3));
        var attached = await store.AttachAsync(runner.Id, fence, placement, Lease, cancel);

        if (!fresh || runner.State != RunnerState.Creating)
        {
            Assert.Null(attached);
        }
        else if (runner.Owner is null)
        {
            ExpectNew(runner, runner with { State = RunnerState.Idle, IdleSince = now(), ExpiresAt = null, Placement = placement, Port = placement.Port }, attached);
        }
        else
        {
            ExpectNew(runner, runner with { State = RunnerState.Leased, ContactAt = now(), ExpiresAt = now() + Lease, Placement = placement, Port = placement.Port }, attached);
        }
    }

    private async Task TouchAsync(Random random)
    {
        var (template, owner) = (Template(random), Someone(random));
        var touched = await store.TouchAsync(template, owner, Lease, cancel);

        var mine = _model.Find(runner => runner.Template == template && runner.Owner == owner && runner.State == RunnerState.Leased);
        if (mine is null)
        {
            Assert.Null(touched);
        }
        else
        {
            Expect(mine, mine with { ExpiresAt = now() + Lease, ContactAt = now() }, touched);
        }
    }

    private async Task ExtendAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Leased);
        var idle = TimeSpan.FromSeconds(random.Next(90));
        var most = TimeSpan.FromSeconds(random.Next(90));
        var extended = await store.ExtendAsync(runner with { Fence = fence }, idle, Lease, most, cancel);
        if (!exactTimes)
        {
            return;
        }

        var wanted = now() - idle + Lease;
        var cap = runner.ContactAt + Lease + most;
        var deadline = wanted < cap ? wanted : cap;
        Assert.Equal(fresh && runner.State == RunnerState.Leased && deadline > runner.ExpiresAt, extended);
        if (extended)
        {
            Replace(runner, runner with { ExpiresAt = deadline });
        }
    }

    private async Task ExpireAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Leased);
        var expired = await store.ExpireAsync(runner with { Fence = fence }, cancel);

        if (fresh && IsLive(runner) && runner.ExpiresAt <= now())
        {
            ExpectNew(runner, runner with { State = RunnerState.Removing, ExpiresAt = null }, expired);
        }
        else
        {
            Assert.Null(expired);
        }
    }

    private async Task BeginRemoveAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Leased);
        var removing = await store.BeginRemoveAsync(runner.Id, fence, cancel);

        if (fresh)
        {
            ExpectNew(runner, runner with { State = RunnerState.Removing, ExpiresAt = null }, removing);
        }
        else
        {
            Assert.Null(removing);
        }
    }

    private async Task ReturnAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Leased);
        var idle = await store.ReturnAsync(runner.Id, fence, cancel);

        if (fresh && runner.State == RunnerState.Leased)
        {
            ExpectNew(runner, runner with { State = RunnerState.Idle, Owner = null, ExpiresAt = null, ContactAt = null, IdleSince = now() }, idle);
        }
        else
        {
            Assert.Null(idle);
        }
    }

    private async Task DeleteAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Removing);
        Assert.Equal(fresh, await store.DeleteAsync(runner.Id, fence, cancel));
        if (fresh)
        {
            _model.Remove(runner);
        }
    }

    private async Task AdoptAsync(Random random)
    {
        var (template, owner) = (Template(random), Someone(random));
        var known = random.Next(4) == 0 && _model.Count > 0 ? _model[random.Next(_model.Count)].Id : $"found-{sample}-{++_made}";
        int? port = random.Next(2) == 0 ? FirstPort + random.Next(6) : null;
        var found = Blank(known, template, RunnerState.Leased) with { Plan = random.Next(2) == 0 ? Plan(random) : null, Port = port, Placement = new RunnerPlacement("c", "i", "sha", null, port) };
        var adopted = await store.AdoptAsync(found, owner, Lease, cancel);

        var refused = _model.Exists(runner => runner.Id == known
            || (runner.Template == template && runner.Owner == owner)
            || (port is not null && runner.Port == port));
        if (refused)
        {
            Assert.Null(adopted);
        }
        else
        {
            ExpectNew(null, found with { Owner = owner, ExpiresAt = now() + Lease, ContactAt = now() }, adopted);
        }
    }

    private async Task MovePortAsync(Random random)
    {
        var (runner, fence, fresh) = Pick(random, RunnerState.Creating);
        var taken = FirstPort + random.Next(6);
        var moved = await store.MovePortAsync(runner.Id, fence, taken, cancel);

        if (fresh && runner.State == RunnerState.Creating && FreePort(taken + 1) is { } port)
        {
            Expect(runner, runner with { Port = port }, moved);
        }
        else
        {
            Assert.Null(moved);
        }
    }

    private async Task RenewAllAsync(Random random)
    {
        var template = Template(random);
        var renewed = _model.FindAll(runner => runner.Template == template && runner.State == RunnerState.Leased && runner.ExpiresAt is not null);
        Assert.Equal(renewed.Count, await store.RenewAllAsync(_instance, template, Lease, cancel));
        foreach (var runner in renewed)
        {
            Replace(runner, runner with { ExpiresAt = now() + Lease });
        }
    }

    private string Template(Random random) => _templates[random.Next(2)];

    private Owner Someone(Random random) => new(_tenants[random.Next(2)], (OwnerKind)random.Next(2), $"owner-{random.Next(2)}");
}
