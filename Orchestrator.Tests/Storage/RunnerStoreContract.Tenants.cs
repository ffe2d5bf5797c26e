using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

// The same id in two tenants is two owners.
public abstract partial class RunnerStoreContract
{
    private static readonly Tenant Acme = new("acme");
    private static readonly Tenant Bolt = new("bolt");

    [Fact]
    public async Task Tenants_SameIdInTwo_GetARunnerEach()
    {
        await AddIdleAsync();
        await AddIdleAsync();

        var acmes = await ClaimForAsync(Acme);
        var bolts = await ClaimForAsync(Bolt);
        var everybodys = await ClaimAsync("a");

        Assert.Equal((ClaimOutcome.Warm, Owner.Session("a", Acme)), (acmes.Outcome, acmes.Runner!.Owner));
        Assert.Equal((ClaimOutcome.Warm, Owner.Session("a", Bolt)), (bolts.Outcome, bolts.Runner!.Owner));
        Assert.Equal((ClaimOutcome.Reserved, Owner.Session("a")), (everybodys.Outcome, everybodys.Runner!.Owner));
        Assert.Equal(3, new[] { acmes, bolts, everybodys }.DistinctBy(claim => claim.Runner!.Id).Count());
        Assert.Equal(acmes.Runner.Id, (await ClaimForAsync(Acme)).Runner!.Id);
        Assert.Equal(new PoolCounts(0, 0, 1, 2, 0), await Store.CountAsync(Instance, Template, Cancel));
    }

    [Fact]
    public async Task Tenants_SameIdConcurrently_GetARunnerEach()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 40)
            .Select(i => Task.Run(async () => (await ClaimForAsync(i % 2 == 0 ? Acme : Bolt)).Runner!)));

        Assert.Equal(2, claims.Select(runner => runner.Id).Distinct().Count());
        Assert.All(claims.GroupBy(runner => runner.Owner), ofOne => Assert.Single(ofOne.Select(runner => runner.Id).Distinct()));
    }

    [Fact]
    public async Task Tenants_FindAndList_NeverShowAnothers()
    {
        var acmes = await AddLeasedForAsync(Acme);
        var idle = await AddIdleAsync();
        var bolts = await AddLeasedForAsync(Bolt);
        var creating = (await ClaimForAsync(Bolt, "machine")).Runner!;
        var elsewhere = (await Store.ClaimAsync(Wish("a", instance: "instance-2", template: "machine") with { Owner = Owner.Session("a", Acme) }, Cancel)).Runner!;

        Assert.Equal(acmes, await Store.FindAsync(Template, Owner.Session("a", Acme), Cancel));
        Assert.Equal(bolts, await Store.FindAsync(Template, Owner.Session("a", Bolt), Cancel));
        Assert.Null(await Store.FindAsync(Template, Owner.Session("a"), Cancel));
        Assert.Equal([acmes], await Store.ListAsync(Instance, Acme, Cancel));
        Assert.Equal([bolts, creating], await Store.ListAsync(Instance, Bolt, Cancel));
        Assert.Equal([elsewhere], await Store.ListAsync("instance-2", Acme, Cancel));
        Assert.Empty(await Store.ListAsync(Instance, Tenant.Default, Cancel));
        Assert.Equal([acmes, idle, bolts, creating], await Store.ListAsync(Instance, Cancel));
    }

    [Fact]
    public async Task Tenants_Heartbeat_LeavesAnothersDeadline()
    {
        var acmes = await AddLeasedForAsync(Acme);
        var bolts = await AddLeasedForAsync(Bolt);
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));

        var touched = (await Store.TouchAsync(Template, Owner.Session("a", Acme), Lease, Cancel))!;

        Assert.Equal(acmes.Id, touched.Id);
        Assert.True(touched.ExpiresAt > acmes.ExpiresAt);
        Assert.Equal(bolts, await GetAsync(bolts));
        Assert.Null(await Store.TouchAsync(Template, Owner.Session("a"), Lease, Cancel));
    }

    [Fact]
    public async Task Tenants_ReleaseAndRemoval_LeaveAnothersRunner()
    {
        var acmes = await AddLeasedForAsync(Acme);
        var bolts = await AddLeasedForAsync(Bolt);

        var idle = (await Store.ReturnAsync(acmes.Id, acmes.Fence, Cancel))!;
        Assert.Null(idle.Owner);
        Assert.Null(await Store.FindAsync(Template, Owner.Session("a", Acme), Cancel));
        Assert.Equal(bolts, await Store.FindAsync(Template, Owner.Session("a", Bolt), Cancel));

        var again = (await ClaimForAsync(Acme)).Runner!;
        Assert.Equal((idle.Id, Owner.Session("a", Acme)), (again.Id, again.Owner));
        var removing = (await Store.BeginRemoveAsync(again.Id, again.Fence, Cancel))!;
        Assert.Equal(Owner.Session("a", Acme), removing.Owner);
        Assert.True(await Store.DeleteAsync(removing.Id, removing.Fence, Cancel));
        Assert.Null(await Store.FindAsync(Template, Owner.Session("a", Acme), Cancel));
        Assert.Equal(bolts, await Store.FindAsync(Template, Owner.Session("a", Bolt), Cancel));
    }

    [Fact]
    public async Task Tenants_Adopt_ChecksItsOwnOnly()
    {
        var acmes = await AddLeasedForAsync(Acme);
        var found = Found(null);

        Assert.Null(await Store.AdoptAsync(found, Owner.Session("a", Acme), Lease, Cancel));
        Assert.Equal(Owner.Session("a", Bolt), (await Store.AdoptAsync(found, Owner.Session("a", Bolt), Lease, Cancel))!.Owner);
        Assert.Equal(acmes, await GetAsync(acmes));
    }

    [Fact]
    public async Task Tenants_NamesThatRunTogether_AreTwo()
    {
        // What would be one text: tenant a with id b-c, tenant a-b with id c.
        var one = (await Store.ClaimAsync(Wish("b-c") with { Owner = Owner.Session("b-c", new Tenant("a")) }, Cancel)).Runner!;
        var other = (await Store.ClaimAsync(Wish("c") with { Owner = Owner.Session("c", new Tenant("a-b")) }, Cancel)).Runner!;
        var colons = (await Store.ClaimAsync(Wish("x") with { Owner = Owner.Session("acme:session:0a") }, Cancel)).Runner!;

        Assert.Equal(3, new[] { one.Id, other.Id, colons.Id }.Distinct().Count());
        Assert.Equal(one, await Store.FindAsync(Template, Owner.Session("b-c", new Tenant("a")), Cancel));
        Assert.Equal([other], await Store.ListAsync(Instance, new Tenant("a-b"), Cancel));
    }

    private ValueTask<ClaimResult> ClaimForAsync(Tenant tenant, string template = Template) =>
        Store.ClaimAsync(Wish("a", template: template) with { Owner = Owner.Session("a", tenant) }, Cancel);

    private async Task<Runner> AddLeasedForAsync(Tenant tenant)
    {
        var reserved = (await Store.ClaimAsync(Wish("a", pool: false) with { Owner = Owner.Session("a", tenant) }, Cancel)).Runner!;
        return (await Store.AttachAsync(reserved.Id, reserved.Fence, Place(), Lease, Cancel))!;
    }
}
