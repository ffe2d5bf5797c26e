using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Leasing;

namespace Orchestrator.Tests.Maintenance;

/// <summary>A test for every row of the table in docs/architecture.md of what happens when engine and store disagree.</summary>
public sealed partial class ReconcilerTests
{
    [Fact]
    public async Task Reconcile_RunningAndLeased_IsKeptWithoutAWrite()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 3);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        await orchestrator.ProvisionAsync("alice", RunnerNetwork.None);
        await orchestrator.AssignAsync("p1");
        var writes = orchestrator.Store.Writes;

        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.Equal(writes, orchestrator.Store.Writes);
        Assert.Equal(5, world.Engine.Runners.Count);
    }

    [Fact]
    public async Task Reconcile_StoreLost_ASessionOfANamedTemplateLivesOn()
    {
        await using var world = new RunnerWorld(templates: named => named.Add("python", new NamedTemplateOptions { MinIdle = 0, InactivityTimeoutSeconds = 90 }));
        var python = world.Templates["python"];
        var (runner, _) = await world.Start().Leases.ProvisionAsync(python, Owner.Session("alice"), RunnerNetwork.Bridge, default);
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);

        var (again, created) = await next.Leases.ProvisionAsync(python, Owner.Session("alice"), RunnerNetwork.Bridge, default);
        Assert.False(created);
        Assert.Equal((runner.Id, runner.Plan, world.Clock.GetUtcNow() + TimeSpan.FromSeconds(90)), (again.Id, again.Plan, again.ExpiresAt));
    }

    [Fact]
    public async Task Reconcile_StoreLost_ASessionIsLeasedToItselfAnew()
    {
        await using var world = new RunnerWorld();
        var (runner, _) = await world.Start().ProvisionAsync("alice");
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);

        var (again, created) = await next.ProvisionAsync("alice");
        Assert.False(created);
        Assert.Equal(runner.Id, again.Id);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(60), again.ExpiresAt);
    }

    [Fact]
    public async Task Reconcile_StoreLost_ASessionWithoutNetworkLivesOn_AndOneThatHasItsNetworkStillToGetDoesNot()
    {
        await using var world = new RunnerWorld();
        var first = world.Start();
        var (isolated, _) = await first.ProvisionAsync("alice", RunnerNetwork.None);
        var (unfinished, _) = await first.ProvisionAsync("bob");
        world.Engine.TakeNetwork(unfinished.Id);
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);
        world.Clock.Advance(TimeSpan.FromSeconds(120));
        await next.Reconciler.ReconcileAsync(default);

        Assert.Equal(isolated.Id, Assert.Single(world.Engine.Runners).RunnerId);
        Assert.Equal(Owner.Session("alice"), Assert.Single(await next.Leases.ListAsync(default)).Owner);
    }

    [Fact]
    public async Task Reconcile_StoreLost_SameSessionIdOfTwoTenants_EachKeepsItsOwn()
    {
        await using var world = new RunnerWorld();
        var first = world.Start();
        var acme = Owner.Session("alice", new Tenant("acme"));
        var (everybodys, _) = await first.ProvisionAsync("alice");
        var (acmes, _) = await first.Leases.ProvisionAsync(world.Session, acme, RunnerNetwork.Bridge, default);
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);

        Assert.Equal(everybodys.Id, (await next.Leases.FindAsync(world.Session, Owner.Session("alice"), default))!.Id);
        Assert.Equal(acmes.Id, (await next.Leases.FindAsync(world.Session, acme, default))!.Id);
    }

    [Fact]
    public async Task Reconcile_StoreLost_AMachineIsKeptAsUnknown()
    {
        await using var world = new RunnerWorld();
        var (machine, _) = await world.Start().AssignAsync("p1");
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);

        var found = Assert.Single(await next.Leases.ListAsync(default));
        Assert.Equal(new Owner(Tenant.Default, OwnerKind.Unknown, machine.Id), found.Owner);
        Assert.Equal(machine.Port, found.Port);
        Assert.Null(found.ExpiresAt);
        Assert.Equal(9094, (await next.AssignAsync("p2")).Runner.Port);
    }

    [Fact]
    public async Task Release_AMachineWhoseTokenWasLost_RemovesItInsteadOfHandingItOn()
    {
        await using var world = new RunnerWorld();
        await world.Start().AssignAsync("p1");
        var next = await world.LoseStoreAsync();
        await next.Reconciler.ReconcileAsync(default);
        var found = Assert.Single(await next.Leases.ListAsync(default));

        Assert.True(await next.Leases.ReleaseAsync(world.Machine, found.Owner!.Value, default));

        Assert.Empty(world.Engine.Runners);
        Assert.NotNull((await next.AssignAsync("p2")).Runner.Token);
    }

    [Fact]
    public async Task Reconcile_StoreLost_AnIdleRunnerGoesAfterItsGrace()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        await world.Start().FillAsync();
        var next = await world.LoseStoreAsync();

        await next.Reconciler.ReconcileAsync(default);
        world.Clock.Advance(TimeSpan.FromSeconds(119));
        await next.Reconciler.ReconcileAsync(default);
        Assert.Single(world.Engine.Runners);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await next.Reconciler.ReconcileAsync(default);

        Assert.Empty(world.Engine.Runners);
    }

    [Fact]
    public async Task Reconcile_TheWallClockJumps_GraceStaysAsLong()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        await world.Start().FillAsync();
        var next = await world.LoseStoreAsync();
        await next.Reconciler.ReconcileAsync(default);

        world.Clock.SetWallClock(world.Clock.GetUtcNow().AddHours(1));
        await next.Reconciler.ReconcileAsync(default);
        Assert.Single(world.Engine.Runners);
        world.Clock.SetWallClock(world.Clock.GetUtcNow().AddHours(-2));
        world.Clock.Advance(TimeSpan.FromSeconds(120));
        await next.Reconciler.ReconcileAsync(default);

        Assert.Empty(world.Engine.Runners);
    }

    [Fact]
    public async Task Reconcile_TwoContainersTellOneSession_OneIsLeasedTheOtherGoes()
    {
        await using var world = new RunnerWorld();
        var first = world.Start();
        await first.ProvisionAsync("alice");
        var second = await world.LoseStoreAsync();
        await second.ProvisionAsync("alice");
        Assert.Equal(2, world.Engine.Runners.Count);

        await second.Reconciler.ReconcileAsync(default);
        world.Clock.Advance(TimeSpan.FromSeconds(120));
        await second.Reconciler.ReconcileAsync(default);

        Assert.Single(world.Engine.Runners);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Reconcile_AListingOlderThanTheRunner_EndsNothing()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Engine.LateListing = world.Engine.Runners;
        await orchestrator.ProvisionAsync("alice");

        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.NotNull(await orchestrator.HeartbeatAsync("alice"));
        Assert.Single(world.Engine.Runners);
    }

    [Fact]
    public async Task Reconcile_AListingOlderThanTheRunnersEnd_BringsNothingBack()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("alice");
        world.Engine.LateListing = world.Engine.Runners;
        await orchestrator.DeprovisionAsync("alice");

        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.Empty(await orchestrator.Leases.ListAsync(default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reconcile_Dead_IsRemovedAndItsOwnerTold(bool removedByHand)
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        if (removedByHand)
        {
            world.Engine.RemoveByHand(runner.Id);
        }
        else
        {
            world.Engine.Die(runner.Id);
        }

        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.Null(await orchestrator.HeartbeatAsync("alice"));
        await world.AssertAgreementAsync();
        Assert.True((await orchestrator.ProvisionAsync("alice")).Created);
    }

    [Fact]
    public async Task Reconcile_DeadAndUnknown_IsRemovedAtOnce()
    {
        await using var world = new RunnerWorld();
        var (runner, _) = await world.Start().ProvisionAsync("alice");
        var next = await world.LoseStoreAsync();
        world.Engine.Die(runner.Id);

        await next.Reconciler.ReconcileAsync(default);

        Assert.Empty(world.Engine.Runners);
    }

    [Fact]
    public async Task Reconcile_AnotherInstances_IsNotTouched()
    {
        await using var world = new RunnerWorld();
        var other = world.Engine.Connect(instance: "other");
        await other.StartAsync(new RunnerSpec("x", world.Session, null, "t", RunnerNetwork.Bridge, null), default);
        var orchestrator = world.Start();

        await orchestrator.Reconciler.ReconcileAsync(default);
        world.Clock.Advance(TimeSpan.FromHours(1));
        await orchestrator.Reconciler.ReconcileAsync(default);

        Assert.Single(world.Engine.Runners);
        Assert.Empty(await orchestrator.Leases.ListAsync(default));
    }

    [Fact]
    public async Task Run_AContainerDies_IsNoticedAtOnceAndReplaced()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 2);
        var orchestrator = world.Start();
        await orchestrator.Maintenance.StartAsync(default);
        await Eventually.TrueAsync(async () => (await world.Store.CountAsync("test", "session", default)).Idle == 2);
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        await Eventually.TrueAsync(() => Breathe() && world.Engine.Runners.Count == 3);

        // The keeper's breath aside nobody moves the clock: only the engine's event can tell.
        world.Engine.Die(runner.Id);

        await Eventually.TrueAsync(async () => Breathe() && await orchestrator.HeartbeatAsync("alice") is null && world.Engine.Runners.Count == 2);
        await orchestrator.Maintenance.StopAsync(default);
        await world.AssertAgreementAsync();

        bool Breathe()
        {
            world.Clock.Advance(TimeSpan.FromMilliseconds(10));
            return true;
        }
    }

    [Fact]
    public async Task Run_EventsAreLost_TheListingTellsAfterTheReconnection()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.Maintenance.StartAsync(default);
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        world.Engine.LosesEvents = true;
        world.Engine.Die(runner.Id);

        world.Engine.BreakConnections();
        await using (RunnerLeasesTests.Pump(world))
        {
            await Eventually.TrueAsync(() => world.Engine.Runners.Count == 0);
        }

        await orchestrator.Maintenance.StopAsync(default);
    }
}
