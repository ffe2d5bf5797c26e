using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>The contract of every store, and what only one that several instances share has to do.</summary>
public abstract class RedisRunnerStoreContract(SharedRedisServer server) : RunnerStoreContract
{
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private RedisConnection _redis = null!;

    protected override DateTimeOffset Now => DateTimeOffset.UtcNow;

    protected override bool HasManualClock => false;

    private RedisRunnerStore Runners => (RedisRunnerStore)Store;

    private RedisMaintenanceLock Lock => new RedisMaintenanceLock(_redis, Runners);

    protected override ValueTask<IRunnerStore> OpenAsync()
    {
        _redis = server.Connect();
        return ValueTask.FromResult<IRunnerStore>(new RedisRunnerStore(_redis, Silence, TimeProvider.System));
    }

    protected override async ValueTask CloseAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    protected override async ValueTask AdvanceAsync(TimeSpan time) => await RedisServer.LetPassAsync(time);

    [Fact]
    public async Task Hold_FirstToAsk_LeadsAndNobodyElse()
    {
        var term = (await Lock.HoldAsync(Instance, null, Term, Cancel))!;

        Assert.Equal((Instance, true), (term.Instance, term.Ends));
        Assert.Null(await Lock.HoldAsync(Instance, null, Term, Cancel));
        Assert.Same(term, await Lock.HoldAsync(Instance, term, Term, Cancel));
        Assert.NotNull(await Lock.HoldAsync("instance-2", null, Term, Cancel));
    }

    [Fact]
    public async Task Hold_TermRunOut_IsTakenOverByTheNextAndItsNumberGrows()
    {
        var first = (await Lock.HoldAsync(Instance, null, TimeSpan.FromMilliseconds(50), Cancel))!;
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));

        var second = (await Lock.HoldAsync(Instance, null, Term, Cancel))!;

        Assert.True(second.Number > first.Number);
        Assert.Null(await Lock.HoldAsync(Instance, first, Term, Cancel));
        await Lock.ReleaseAsync(first, Cancel);
        Assert.Same(second, await Lock.HoldAsync(Instance, second, Term, Cancel));
    }

    [Fact]
    public async Task Hold_OwnTermRunOut_IsANewTerm()
    {
        var first = (await Lock.HoldAsync(Instance, null, TimeSpan.FromMilliseconds(50), Cancel))!;
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));

        var second = (await Lock.HoldAsync(Instance, first, Term, Cancel))!;

        Assert.True(second.Number > first.Number);
        await Assert.ThrowsAsync<LeadershipLostException>(() => first.Store.ReserveIdleAsync(Reserve(), 9, Cancel).AsTask());
        Assert.NotNull(await second.Store.ReserveIdleAsync(Reserve(), 9, Cancel));
    }

    [Fact]
    public async Task Release_OwnTerm_LetsTheNextLeadAtOnce()
    {
        var first = (await Lock.HoldAsync(Instance, null, Term, Cancel))!;
        await Lock.ReleaseAsync(first, Cancel);

        Assert.True((await Lock.HoldAsync(Instance, null, Term, Cancel))!.Number > first.Number);
    }

    [Fact]
    public async Task Term_Over_EveryChangeOfItsStoreIsRefusedAndChangesNothing()
    {
        var over = (await Lock.HoldAsync(Instance, null, Soon, Cancel))!;
        Assert.NotNull(await over.Store.ReserveIdleAsync(Reserve("machine"), 9, Cancel));
        var leased = await AddLeasedAsync("a", TimeSpan.FromMilliseconds(50));
        var idle = await AddIdleAsync();
        var creating = (await ClaimAsync("b", pool: false)).Runner!;
        await AdvanceAsync(Soon + TimeSpan.FromMilliseconds(150));
        var before = await Store.ListAsync(Instance, Cancel);

        Func<IRunnerStore, Task>[] calls =
        [
            store => store.ReserveIdleAsync(Reserve(), 9, Cancel).AsTask(),
            store => store.ExpireAsync(leased, Cancel).AsTask(),
            store => store.BeginRemoveAsync(idle.Id, idle.Fence, Cancel).AsTask(),
            store => store.RenewAllAsync(Instance, Template, Lease, Cancel).AsTask(),
            store => store.ExtendAsync(leased, TimeSpan.Zero, Lease, TimeSpan.FromHours(1), Cancel).AsTask(),
            store => store.AdoptAsync(leased with { Id = NewId() }, Owner.Session("c"), Lease, Cancel).AsTask(),
            store => store.DeleteAsync(idle.Id, idle.Fence, Cancel).AsTask(),
            store => store.AttachAsync(creating.Id, creating.Fence, Place(), Lease, Cancel).AsTask(),
            store => store.ReturnAsync(leased.Id, leased.Fence, Cancel).AsTask(),
            store => store.ClaimAsync(Wish("c"), Cancel).AsTask(),
            store => store.ListAsync(Instance, Cancel).AsTask(),
        ];
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<LeadershipLostException>(() => call(over.Store));
        }

        Assert.NotNull(await Lock.HoldAsync(Instance, null, Term, Cancel));
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<LeadershipLostException>(() => call(over.Store));
        }

        Assert.Equal(before, await Store.ListAsync(Instance, Cancel));
        Assert.Equal(leased, Assert.Single(await Store.ListExpiredAsync(Instance, Cancel)));
    }

    [Fact]
    public async Task Store_Emptied_GivesFencesAboveAllThatWereGiven()
    {
        var before = await AddLeasedAsync("a");
        var term = (await Lock.HoldAsync(Instance, null, Term, Cancel))!;
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));
        var keys = (string[])(await _redis.CallAsync(database => database.ExecuteAsync("KEYS", $"{{{_redis.KeyPrefix}}}*")))!;
        Assert.All(keys, key => Assert.StartsWith($"{{{_redis.KeyPrefix}}}:runners:2:", key, StringComparison.Ordinal));
        await _redis.CallAsync(database => database.KeyDeleteAsync([.. keys.Select(key => (StackExchange.Redis.RedisKey)key)]));

        var adopted = (await Store.AdoptAsync(before, Owner.Session("a"), Lease, Cancel))!;

        Assert.True(adopted.Fence > Math.Max(before.Fence, term.Number));
        await Assert.ThrowsAsync<LeadershipLostException>(() => term.Store.BeginRemoveAsync(adopted.Id, adopted.Fence, Cancel).AsTask());
        Assert.True((await Lock.HoldAsync(Instance, term, Term, Cancel))!.Number > term.Number);
    }

    [Fact]
    public async Task Everything_Gone_LeavesNoKeysButFenceCountsAndPorts()
    {
        var leased = (await ClaimAsync("a", firstPort: 9093)).Runner!;
        leased = (await Store.AttachAsync(leased.Id, leased.Fence, Place(9093), Lease, Cancel))!;
        var idle = await AddIdleAsync(port: 40_001);
        foreach (var runner in new[] { leased, idle })
        {
            Assert.True(await Store.DeleteAsync(runner.Id, runner.Fence, Cancel));
        }

        var keys = (string[])(await _redis.CallAsync(database => database.ExecuteAsync("KEYS", $"{{{_redis.KeyPrefix}}}*")))!;

        var root = $"{{{_redis.KeyPrefix}}}:runners:2:";
        Assert.Equal(
            new[] { "counts:instance-1:session", "fence", "owned", "ports:instance-1" }.Select(name => root + name), keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Changes_OfAnotherInstance_AreTold()
    {
        await using var other = server.Connect(_redis.KeyPrefix);
        using var told = new SemaphoreSlim(0);
        using var subscription = new RedisRunnerStore(other, Silence, TimeProvider.System).Subscribe(Template, () => told.Release());
        await Eventually.TrueAsync(async () =>
        {
            await AddIdleAsync();
            return await told.WaitAsync(TimeSpan.FromMilliseconds(200), Cancel);
        });
        while (await told.WaitAsync(TimeSpan.FromMilliseconds(200), Cancel))
        {
        }

        await ClaimAsync("a");

        Assert.True(await told.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel);
    }

    [Fact]
    public async Task List_MoreThanAPage_IsWholeAndOldestFirst()
    {
        var made = new List<string>();
        for (var i = 0; i < 1_203; i++)
        {
            made.Add((await Store.ReserveIdleAsync(Reserve(), int.MaxValue, Cancel))!.Id);
        }

        var acme = new Tenant("acme");
        var last = (await Store.ClaimAsync(Wish("a", pool: false) with { Owner = Owner.Session("a", acme) }, Cancel)).Runner!;
        made.Add(last.Id);

        Assert.Equal(made, (await Store.ListAsync(Instance, Cancel)).Select(runner => runner.Id));
        Assert.Equal([last], await Store.ListAsync(Instance, acme, Cancel));
    }

    [Fact]
    public async Task Claim_TheLongestIdleOnesRecordIsGone_TakesTheNext()
    {
        var gone = await AddIdleAsync();
        var next = await AddIdleAsync();
        var record = (StackExchange.Redis.RedisKey)$"{new RedisRunnerKeys(_redis.KeyPrefix).Root}runner:{gone.Id}";
        Assert.True(await _redis.CallAsync(database => database.KeyDeleteAsync(record)));

        Assert.Equal(next.Id, (await ClaimAsync("a")).Runner!.Id);
        Assert.Equal(ClaimOutcome.Reserved, (await ClaimAsync("b")).Outcome);
    }

    [Fact]
    public async Task Claim_Warm_IsOneScript()
    {
        await AddIdleAsync();
        await AddIdleAsync();
        await ClaimAsync("a");
        var before = await CallsAsync();

        Assert.Equal(ClaimOutcome.Warm, (await ClaimAsync("b")).Outcome);

        Assert.Equal(before + 1, await CallsAsync());
    }

    [Fact]
    public async Task Reservation_OfALongStart_LivesAsLongAsItsMakerAndNoLonger()
    {
        var clock = new ManualTimeProvider();
        var maker = new RedisRunnerStore(_redis, Silence, clock);
        var wish = Wish("a", pool: false);
        var reserved = (await maker.ClaimAsync(wish with { Reservation = wish.Reservation with { Within = TimeSpan.FromMinutes(3) } }, Cancel)).Runner!;
        Assert.Equal(reserved.CreatedAt + Silence, reserved.ExpiresAt);

        await Eventually.TrueAsync(() => clock.PendingTimers == 1);
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));
        clock.Advance(Silence / 4);
        await Eventually.TrueAsync(async () => (await GetAsync(reserved)).ExpiresAt > reserved.ExpiresAt);

        // Past its time nobody keeps it alive any more, and so it is with one that is none any more.
        await Eventually.TrueAsync(() => clock.PendingTimers == 1);
        clock.Advance(TimeSpan.FromMinutes(3));
        await Eventually.TrueAsync(() => clock.PendingTimers == 1);
        clock.Advance(Silence);
        await Eventually.TrueAsync(() => clock.PendingTimers == 0);
    }

    [Fact]
    public async Task Reservation_Attached_IsTheOwnersAffairFromThenOn()
    {
        var clock = new ManualTimeProvider();
        var maker = new RedisRunnerStore(_redis, Silence, clock);
        var wish = Wish("a", pool: false);
        var reserved = (await maker.ClaimAsync(wish with { Reservation = wish.Reservation with { Within = TimeSpan.FromMinutes(3) } }, Cancel)).Runner!;
        var leased = await maker.AttachAsync(reserved.Id, reserved.Fence, Place(), Lease, Cancel);

        await Eventually.TrueAsync(() => clock.PendingTimers == 1);
        clock.Advance(Silence);
        await Eventually.TrueAsync(() => clock.PendingTimers == 0);

        Assert.Equal(leased, await GetAsync(reserved));
    }

    private async Task<long> CallsAsync()
    {
        // Commands that scripts run count as well, so only the scripts themselves are looked at.
        var info = (string)(await _redis.CallAsync(database => database.ExecuteAsync("INFO", "commandstats")))!;
        return info.Split('\n').Where(line => line.StartsWith("cmdstat_eval", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split("calls=")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture));
    }
}
