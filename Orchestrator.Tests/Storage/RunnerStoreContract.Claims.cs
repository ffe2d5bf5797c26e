using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

public abstract partial class RunnerStoreContract
{
    [Fact]
    public async Task Claim_IdleRunner_IsLeasedWarm()
    {
        var idle = await AddIdleAsync(port: 40_001);
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        var (outcome, runner) = await ClaimAsync("a");

        Assert.Equal(ClaimOutcome.Warm, outcome);
        Assert.Equal(idle.Id, runner!.Id);
        Assert.Equal(RunnerState.Leased, runner.State);
        Assert.Equal(Owner.Session("a"), runner.Owner);
        Assert.Equal(runner.ContactAt + Lease, runner.ExpiresAt);
        Assert.True(runner.Fence > idle.Fence);
        Assert.Equal(idle.Placement, runner.Placement);
        Assert.Equal(40_001, runner.Port);
        Assert.Equal("token", runner.Token);
        Assert.Equal(runner, await GetAsync(runner));
        Assert.Equal(runner, await Store.FindAsync(Template, Owner.Session("a"), Cancel));
    }

    [Fact]
    public async Task Claim_SeveralIdle_TakesTheLongestIdle()
    {
        List<string> ids = [];
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await AddIdleAsync()).Id);
            await AdvanceAsync(TimeSpan.FromMilliseconds(20));
        }

        // Back in the pool, the first one is the freshest.
        var first = (await ClaimAsync("a")).Runner!;
        await Store.ReturnAsync(first.Id, first.Fence, Cancel);

        Assert.Equal(ids[0], first.Id);
        Assert.Equal(ids[1], (await ClaimAsync("b")).Runner!.Id);
        Assert.Equal(ids[2], (await ClaimAsync("c")).Runner!.Id);
        Assert.Equal(ids[0], (await ClaimAsync("d")).Runner!.Id);
    }

    [Fact]
    public async Task Claim_IdleOfOtherTemplateOrEngine_IsNotTaken()
    {
        await AddIdleAsync("machine");
        await AddIdleAsync(instance: "instance-2");

        Assert.Equal(ClaimOutcome.Reserved, (await ClaimAsync("a")).Outcome);
    }

    [Fact]
    public async Task Claim_IdleOfAnotherPlan_IsNotTaken()
    {
        var older = await AddIdleAsync(plan: "plan-0");
        var idle = await AddIdleAsync();
        Assert.Equal(("plan-0", Plan), (older.Plan, idle.Plan));

        Assert.Equal(idle.Id, (await ClaimAsync("a")).Runner!.Id);
        var (outcome, reserved) = await ClaimAsync("b");
        Assert.Equal((ClaimOutcome.Reserved, Plan), (outcome, reserved!.Plan));
        Assert.Equal(older, await GetAsync(older));
        Assert.Equal(1, (await Store.CountAsync(Instance, Template, Cancel)).Idle);
    }

    [Fact]
    public async Task Claim_IdleWithoutAPlan_IsNotTaken_ButReturnsAndGoes()
    {
        var adopted = (await Store.AdoptAsync(Found(null), Owner.Session("a"), Lease, Cancel))!;
        var idle = (await Store.ReturnAsync(adopted.Id, adopted.Fence, Cancel))!;
        Assert.Null(idle.Plan);

        Assert.Equal(ClaimOutcome.Reserved, (await ClaimAsync("b")).Outcome);
        var removing = (await Store.BeginRemoveAsync(idle.Id, idle.Fence, Cancel))!;

        Assert.True(await Store.DeleteAsync(removing.Id, removing.Fence, Cancel));
    }

    [Fact]
    public async Task Return_OfAPlan_IsClaimedByThatPlanOnly()
    {
        var leased = await AddLeasedAsync("a");
        await Store.ReturnAsync(leased.Id, leased.Fence, Cancel);

        var wish = Wish("b");
        Assert.Equal(ClaimOutcome.Reserved, (await Store.ClaimAsync(wish with { Reservation = wish.Reservation with { Plan = "plan-2" } }, Cancel)).Outcome);
        Assert.Equal(leased.Id, (await ClaimAsync("c")).Runner!.Id);
    }

    [Fact]
    public async Task Claim_NotFromPool_Reserves()
    {
        await AddIdleAsync();
        var request = Wish("a", pool: false);

        var (outcome, runner) = await Store.ClaimAsync(request, Cancel);

        Assert.Equal(ClaimOutcome.Reserved, outcome);
        Assert.Equal(request.Reservation.RunnerId, runner!.Id);
        Assert.Equal(RunnerState.Creating, runner.State);
        Assert.Equal(Owner.Session("a"), runner.Owner);
        Assert.Equal(runner.CreatedAt + Within, runner.ExpiresAt);
        Assert.Equal(runner.CreatedAt, runner.ContactAt);
        Assert.Null(runner.Placement);
        Assert.Null(runner.Port);
        Assert.Equal(runner, await GetAsync(runner));
    }

    [Fact]
    public async Task Claim_OwnerHasLease_IsTouchedAndKeepsItsFence()
    {
        var leased = await AddLeasedAsync("a");
        await AddIdleAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        var (outcome, runner) = await ClaimAsync("a", lease: Lease * 2);

        Assert.Equal(ClaimOutcome.Existing, outcome);
        Assert.Equal((leased.Id, leased.Fence), (runner!.Id, runner.Fence));
        Assert.True(runner.ContactAt > leased.ContactAt);
        Assert.Equal(runner.ContactAt + (Lease * 2), runner.ExpiresAt);
    }

    [Fact]
    public async Task Claim_LeaseIsOverButNotReaped_IsStillTheOwners()
    {
        var leased = await AddLeasedAsync("a", TimeSpan.FromMilliseconds(100));
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));
        var seen = Assert.Single(await Store.ListExpiredAsync(Instance, Cancel));

        var (outcome, runner) = await ClaimAsync("a");

        Assert.Equal((ClaimOutcome.Existing, leased.Id), (outcome, runner!.Id));
        Assert.Null(await Store.ExpireAsync(seen, Cancel));
        Assert.Equal(RunnerState.Leased, (await GetAsync(leased)).State);
    }

    [Fact]
    public async Task Claim_OwnersRunnerIsBeingMadeOrRemoved_IsReturnedAsItIs()
    {
        var creating = (await ClaimAsync("a")).Runner!;
        var again = await ClaimAsync("a");
        Assert.Equal((ClaimOutcome.Existing, creating), (again.Outcome, again.Runner));

        var removing = await Store.BeginRemoveAsync(creating.Id, creating.Fence, Cancel);
        await AddIdleAsync();
        again = await ClaimAsync("a");
        Assert.Equal((ClaimOutcome.Existing, removing), (again.Outcome, again.Runner));

        await Store.DeleteAsync(removing!.Id, removing.Fence, Cancel);
        Assert.Equal(ClaimOutcome.Warm, (await ClaimAsync("a")).Outcome);
    }

    [Fact]
    public async Task Claim_SameIdOfAnotherKindOrTemplate_IsAnotherOwner()
    {
        var session = (await ClaimAsync("a")).Runner!;
        var machine = (await ClaimAsync("a", template: "machine")).Runner!;
        var project = (await Store.ClaimAsync(Wish("a") with { Owner = Owner.Machine("a") }, Cancel)).Runner!;

        Assert.Equal(3, new[] { session.Id, machine.Id, project.Id }.Distinct().Count());
    }

    [Fact]
    public async Task Claim_LimitReached_IsFullAndChangesNothing()
    {
        await AddLeasedAsync("a");
        await ClaimAsync("b");
        await AddIdleAsync();

        Assert.Equal((ClaimOutcome.Full, null), Pair(await ClaimAsync("c", limit: 2)));
        Assert.Null(await Store.FindAsync(Template, Owner.Session("c"), Cancel));
        Assert.Equal(new PoolCounts(1, 0, 1, 1, 0), await Store.CountAsync(Instance, Template, Cancel));
        Assert.Equal(ClaimOutcome.Existing, (await ClaimAsync("a", limit: 2)).Outcome);
        Assert.Equal(ClaimOutcome.Warm, (await ClaimAsync("c", limit: 3)).Outcome);
    }

    [Fact]
    public async Task Claim_LimitOfOneTemplate_CountsNeitherOthersNorIdleNorRemoving()
    {
        await AddLeasedAsync("a", template: "machine");
        await AddIdleAsync();
        var gone = await AddLeasedAsync("b");
        await Store.BeginRemoveAsync(gone.Id, gone.Fence, Cancel);

        Assert.Equal(ClaimOutcome.Warm, (await ClaimAsync("c", limit: 1)).Outcome);
        Assert.Equal(ClaimOutcome.Full, (await ClaimAsync("d", limit: 1)).Outcome);
    }

    [Fact]
    public async Task Claim_WithoutLeaseTime_NeverEnds()
    {
        await AddIdleAsync();
        var runner = (await Store.ClaimAsync(Wish("a") with { LeaseTime = null }, Cancel)).Runner!;

        Assert.Null(runner.ExpiresAt);
        Assert.NotNull(runner.ContactAt);
    }

    [Fact]
    public async Task Claim_ManyOfOneOwnerAtOnce_GetOneRunner()
    {
        for (var i = 0; i < 5; i++)
        {
            await AddIdleAsync();
        }

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ClaimAsync("a").AsTask())));

        Assert.Single(results.Select(result => result.Runner!.Id).Distinct());
        Assert.Single(results, result => result.Outcome == ClaimOutcome.Warm);
        Assert.Equal(4, (await Store.CountAsync(Instance, Template, Cancel)).Idle);
    }

    [Fact]
    public async Task Claim_FiftyOwnersOnTwentyIdleWithALimit_NobodySharesAndTheLimitHolds()
    {
        for (var i = 0; i < 20; i++)
        {
            await AddIdleAsync();
        }

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => ClaimAsync($"owner-{i}", limit: 30).AsTask())));

        Assert.Equal(20, results.Count(result => result.Outcome == ClaimOutcome.Warm));
        Assert.Equal(10, results.Count(result => result.Outcome == ClaimOutcome.Reserved));
        Assert.Equal(20, results.Count(result => result.Outcome == ClaimOutcome.Full));
        var runners = results.Where(result => result.Runner is not null).Select(result => result.Runner!).ToList();
        Assert.Equal(30, runners.Select(runner => runner.Id).Distinct().Count());
        Assert.Equal(30, runners.Select(runner => runner.Fence).Distinct().Count());
        Assert.Equal(new PoolCounts(0, 0, 10, 20, 0), await Store.CountAsync(Instance, Template, Cancel));
    }

    [Fact]
    public async Task Claim_Cancelled_DoesNothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ClaimAsync(Wish("a"), new CancellationToken(true)));
        Assert.Null(await Store.FindAsync(Template, Owner.Session("a"), Cancel));
    }

    [Theory]
    [InlineData("O'Brien; DROP TABLE runners")]
    [InlineData("名前-😀")]
    [InlineData("")]
    public async Task Claim_AnyOwnerId_ComesBackAsItWas(string id)
    {
        await ClaimAsync(id);
        Assert.Equal(id, (await Store.FindAsync(Template, Owner.Session(id), Cancel))!.Owner!.Value.Id);
    }

    private static (ClaimOutcome, Runner?) Pair(ClaimResult result) => (result.Outcome, result.Runner);
}
