using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

public abstract partial class RunnerStoreContract
{
    [Fact]
    public async Task ReserveIdle_TargetReached_IsRefused()
    {
        await AddIdleAsync();
        var reserved = await Store.ReserveIdleAsync(Reserve(), 2, Cancel);

        Assert.Equal((RunnerState.Creating, null), (reserved!.State, reserved.Owner));
        Assert.Null(reserved.ContactAt);
        Assert.Equal(reserved.CreatedAt + Within, reserved.ExpiresAt);
        Assert.Null(await Store.ReserveIdleAsync(Reserve(), 2, Cancel));
        Assert.Null(await Store.ReserveIdleAsync(Reserve(), 0, Cancel));
        Assert.NotNull(await Store.ReserveIdleAsync(Reserve("machine"), 1, Cancel));
        Assert.NotNull(await Store.ReserveIdleAsync(Reserve(instance: "instance-2"), 1, Cancel));
    }

    [Fact]
    public async Task ReserveIdle_OwnersReservations_DoNotCount()
    {
        await ClaimAsync("a");
        await AddLeasedAsync("b");
        Assert.NotNull(await Store.ReserveIdleAsync(Reserve(), 1, Cancel));
        Assert.Equal(new PoolCounts(0, 1, 1, 1, 0), await Store.CountAsync(Instance, Template, Cancel));
    }

    [Fact]
    public async Task ReserveIdle_ManyAtOnce_StopAtTheTarget()
    {
        var reserved = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => Task.Run(() => Store.ReserveIdleAsync(Reserve(), 5, Cancel).AsTask())));

        Assert.Equal(5, reserved.Count(runner => runner is not null));
    }

    [Fact]
    public async Task Attach_WithOwner_IsLeasedFromNow()
    {
        var reserved = (await ClaimAsync("a")).Runner!;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        var placement = Place(40_001);

        var leased = (await Store.AttachAsync(reserved.Id, reserved.Fence, placement, Lease, Cancel))!;

        Assert.Equal((RunnerState.Leased, Owner.Session("a")), (leased.State, leased.Owner));
        Assert.True(leased.Fence > reserved.Fence);
        Assert.True(leased.ContactAt > reserved.ContactAt);
        Assert.Equal(leased.ContactAt + Lease, leased.ExpiresAt);
        Assert.Equal(placement, leased.Placement);
        Assert.Equal(40_001, leased.Port);
        Assert.Equal(leased, await GetAsync(leased));
    }

    [Fact]
    public async Task Attach_WithoutOwner_IsIdle()
    {
        var idle = await AddIdleAsync();

        Assert.Equal((RunnerState.Idle, null, null, null), (idle.State, idle.Owner, idle.ExpiresAt, idle.ContactAt));
        Assert.NotNull(idle.IdleSince);
    }

    [Fact]
    public async Task Attach_StaleOrNotCreating_IsRefused()
    {
        var reserved = (await ClaimAsync("a")).Runner!;
        Assert.Null(await Store.AttachAsync(reserved.Id, reserved.Fence + 1, Place(), Lease, Cancel));
        Assert.Null(await Store.AttachAsync("nobody", reserved.Fence, Place(), Lease, Cancel));
        var leased = (await Store.AttachAsync(reserved.Id, reserved.Fence, Place(), Lease, Cancel))!;
        Assert.Null(await Store.AttachAsync(reserved.Id, reserved.Fence, Place(), Lease, Cancel));
        Assert.Null(await Store.AttachAsync(leased.Id, leased.Fence, Place(), Lease, Cancel));
        Assert.Equal(leased, await GetAsync(leased));
    }

    [Fact]
    public async Task Touch_LeasedRunner_LivesOn()
    {
        var leased = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        var touched = (await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel))!;

        Assert.Equal(leased.Fence, touched.Fence);
        Assert.True(touched.ContactAt > leased.ContactAt);
        Assert.Equal(touched.ContactAt + Lease, touched.ExpiresAt);
        Assert.Equal(touched, await GetAsync(leased));
        Assert.Null((await Store.TouchAsync(Template, Owner.Session("a"), null, Cancel))!.ExpiresAt);
    }

    [Fact]
    public async Task Touch_NothingLeased_IsNull()
    {
        Assert.Null(await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel));
        var reserved = (await ClaimAsync("a")).Runner!;
        Assert.Null(await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel));
        await Store.BeginRemoveAsync(reserved.Id, reserved.Fence, Cancel);
        Assert.Null(await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel));
        await AddLeasedAsync("b");
        Assert.Null(await Store.TouchAsync("machine", Owner.Session("b"), Lease, Cancel));
        Assert.Null(await Store.TouchAsync(Template, Owner.Machine("b"), Lease, Cancel));
    }

    [Fact]
    public async Task Extend_ActivityAfterContact_MovesTheDeadlineButNotTheContact()
    {
        var leased = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromSeconds(3));

        Assert.True(await Store.ExtendAsync(leased, TimeSpan.FromSeconds(1), Lease, TimeSpan.FromHours(1), Cancel));

        var extended = await GetAsync(leased);
        Assert.Equal(leased.ContactAt, extended.ContactAt);
        Assert.Equal(leased.Fence, extended.Fence);
        Assert.InRange(
            extended.ExpiresAt!.Value - leased.ExpiresAt!.Value, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(HasManualClock ? 2.1 : 30));
    }

    [Fact]
    public async Task Extend_FarBeyondContact_IsCapped()
    {
        var leased = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromSeconds(3));

        Assert.True(await Store.ExtendAsync(leased, TimeSpan.Zero, Lease, TimeSpan.FromSeconds(1), Cancel));

        var extended = await GetAsync(leased);
        Assert.Equal(leased.ContactAt + Lease + TimeSpan.FromSeconds(1), extended.ExpiresAt);
        Assert.False(await Store.ExtendAsync(extended, TimeSpan.Zero, Lease, TimeSpan.FromSeconds(1), Cancel));
    }

    [Fact]
    public async Task Extend_NothingGainedOrStale_IsRefused()
    {
        var leased = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.False(await Store.ExtendAsync(leased, TimeSpan.FromMinutes(1), Lease, TimeSpan.FromHours(1), Cancel));
        Assert.False(await Store.ExtendAsync(leased with { Fence = leased.Fence + 1 }, TimeSpan.Zero, Lease, TimeSpan.FromHours(1), Cancel));
        Assert.False(await Store.ExtendAsync(leased with { ExpiresAt = leased.ExpiresAt + TimeSpan.FromSeconds(1) }, TimeSpan.Zero, Lease, TimeSpan.FromHours(1), Cancel));
        var endless = (await Store.TouchAsync(Template, Owner.Session("a"), null, Cancel))!;
        Assert.False(await Store.ExtendAsync(endless, TimeSpan.Zero, Lease, TimeSpan.FromHours(1), Cancel));
        Assert.Equal(endless, await GetAsync(leased));
    }

    [Fact]
    public async Task ListExpired_DeadlinePassed_ListsLeasedAndCreatingOfThatEngine()
    {
        var leased = await AddLeasedAsync("a", Soon);
        var request = Wish("b", pool: false);
        await Store.ClaimAsync(request with { Reservation = request.Reservation with { Within = Soon + TimeSpan.FromMilliseconds(10) } }, Cancel);
        await AddLeasedAsync("c");
        await AddIdleAsync();
        await ClaimAsync("d", lease: Soon, instance: "instance-2");
        Assert.Empty(await Store.ListExpiredAsync(Instance, Cancel));

        await AdvanceAsync(Soon + TimeSpan.FromMilliseconds(150));

        Assert.Equal([leased.Id, request.Reservation.RunnerId], (await Store.ListExpiredAsync(Instance, Cancel)).Select(runner => runner.Id));
    }

    [Fact]
    public async Task Expire_DeadlinePassed_TakesItOutOfUse()
    {
        var leased = await AddLeasedAsync("a", Soon);
        Assert.Null(await Store.ExpireAsync(leased, Cancel));
        await AdvanceAsync(Soon + TimeSpan.FromMilliseconds(150));

        Assert.Null(await Store.ExpireAsync(leased with { Fence = leased.Fence + 1 }, Cancel));
        Assert.Null(await Store.ExpireAsync(leased with { ExpiresAt = leased.ExpiresAt - TimeSpan.FromMilliseconds(1) }, Cancel));
        Assert.Null(await Store.ExpireAsync(leased with { ExpiresAt = null }, Cancel));
        var removing = (await Store.ExpireAsync(leased, Cancel))!;

        Assert.Equal((RunnerState.Removing, Owner.Session("a")), (removing.State, removing.Owner));
        Assert.True(removing.Fence > leased.Fence);
        Assert.Equal(removing, await Store.FindAsync(Template, Owner.Session("a"), Cancel));
        Assert.Empty(await Store.ListExpiredAsync(Instance, Cancel));
        Assert.Null(await Store.ExpireAsync(removing, Cancel));
    }

    [Fact]
    public async Task Expire_TouchedMeanwhile_IsRefused()
    {
        var leased = await AddLeasedAsync("a", TimeSpan.FromMilliseconds(50));
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));
        await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel);

        Assert.Null(await Store.ExpireAsync(leased, Cancel));
        Assert.Equal(RunnerState.Leased, (await GetAsync(leased)).State);
    }

    [Fact]
    public async Task BeginRemove_EveryState_IsRemovingAndKeepsItsOwner()
    {
        var creating = (await ClaimAsync("a")).Runner!;
        var leased = await AddLeasedAsync("b");
        var idle = await AddIdleAsync();

        foreach (var runner in new[] { creating, leased, idle })
        {
            Assert.Null(await Store.BeginRemoveAsync(runner.Id, runner.Fence + 1, Cancel));
            var removing = (await Store.BeginRemoveAsync(runner.Id, runner.Fence, Cancel))!;
            Assert.Equal((RunnerState.Removing, runner.Owner), (removing.State, removing.Owner));
            Assert.True(removing.Fence > runner.Fence);
            Assert.Null(await Store.BeginRemoveAsync(runner.Id, runner.Fence, Cancel));
        }

        Assert.Equal(new PoolCounts(0, 0, 0, 0, 3), await Store.CountAsync(Instance, Template, Cancel));
        Assert.Equal(ClaimOutcome.Reserved, (await ClaimAsync("c")).Outcome);
    }

    [Fact]
    public async Task Return_LeasedRunner_IsIdleAgainAndNobodys()
    {
        var leased = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Null(await Store.ReturnAsync(leased.Id, leased.Fence + 1, Cancel));

        var idle = (await Store.ReturnAsync(leased.Id, leased.Fence, Cancel))!;

        Assert.Equal((RunnerState.Idle, null, null, null), (idle.State, idle.Owner, idle.ExpiresAt, idle.ContactAt));
        Assert.True(idle.IdleSince > leased.ContactAt);
        Assert.True(idle.Fence > leased.Fence);
        Assert.Equal(leased.Placement, idle.Placement);
        Assert.Null(await Store.FindAsync(Template, Owner.Session("a"), Cancel));
        Assert.Null(await Store.ReturnAsync(idle.Id, idle.Fence, Cancel));
        Assert.Equal(idle.Id, (await ClaimAsync("b")).Runner!.Id);
    }

    [Fact]
    public async Task Delete_Runner_IsForgotten()
    {
        var leased = await AddLeasedAsync("a");

        Assert.False(await Store.DeleteAsync(leased.Id, leased.Fence + 1, Cancel));
        Assert.True(await Store.DeleteAsync(leased.Id, leased.Fence, Cancel));
        Assert.False(await Store.DeleteAsync(leased.Id, leased.Fence, Cancel));
        Assert.Null(await Store.GetAsync(leased.Id, Cancel));
        Assert.Equal(default, await Store.CountAsync(Instance, Template, Cancel));
        Assert.True((await AddLeasedAsync("a")).Fence > leased.Fence);
    }

    [Fact]
    public async Task RenewAll_LiveLeases_GetOneFullLeaseTime()
    {
        var over = await AddLeasedAsync("a", TimeSpan.FromMilliseconds(50));
        var live = await AddLeasedAsync("b", Lease / 2);
        var endless = await AddLeasedAsync("c");
        endless = (await Store.TouchAsync(Template, endless.Owner!.Value, null, Cancel))!;
        var creating = (await ClaimAsync("d")).Runner!;
        var other = await AddLeasedAsync("e", template: "machine");
        var idle = await AddIdleAsync();
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));

        Assert.Equal(2, await Store.RenewAllAsync(Instance, Template, Lease, Cancel));

        var renewed = await GetAsync(over);
        Assert.Equal((over.Fence, over.ContactAt), (renewed.Fence, renewed.ContactAt));
        Assert.True(renewed.ExpiresAt > over.ContactAt + Lease);
        Assert.Equal(renewed.ExpiresAt, (await GetAsync(live)).ExpiresAt);
        foreach (var untouched in new[] { endless, creating, other, idle })
        {
            Assert.Equal(untouched, await GetAsync(untouched));
        }

        Assert.Equal(0, await Store.RenewAllAsync("instance-2", Template, Lease, Cancel));
    }

    [Fact]
    public async Task List_OfAnEngine_IsOldestFirst()
    {
        var first = await AddLeasedAsync("a");
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));
        var second = await AddIdleAsync("machine");
        await AddIdleAsync(instance: "instance-2");
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));
        var third = (await ClaimAsync("b")).Runner!;

        Assert.Equal([first, second, third], await Store.ListAsync(Instance, Cancel));
        Assert.Empty(await Store.ListAsync("instance-3", Cancel));
    }

    [Fact]
    public async Task Unknown_RunnerOrPool_IsNull()
    {
        Assert.Null(await Store.GetAsync("nobody", Cancel));
        Assert.Null(await Store.FindAsync(Template, Owner.Session("nobody"), Cancel));
        Assert.Equal(default, await Store.CountAsync(Instance, "unknown", Cancel));
        await Store.TestWriteAsync(Cancel);
    }
}
