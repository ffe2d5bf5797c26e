using Orchestrator.Core;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Maintenance;

// Idle runners made under other settings.
public sealed partial class ReconcilerTests
{
    [Fact]
    public async Task Reconcile_IdleOfAnOlderImage_IsReplaced()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 2);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        var leased = (await orchestrator.ProvisionAsync("alice")).Runner;
        await orchestrator.FillAsync();
        world.Engine.ImageId = "sha256:image-2";

        await orchestrator.Reconciler.ReconcileAsync(default);
        await orchestrator.FillAsync();

        Assert.Equal(3, world.Engine.Runners.Count);
        Assert.All(world.Engine.Runners, r => Assert.Equal(r.RunnerId == leased.Id ? "sha256:image-1" : "sha256:image-2", r.Placement.ImageId));
    }

    [Fact]
    public async Task Provision_BeforeTheFirstReconciliationUnderOtherSettings_IsOfThose()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 3);
        await world.Start().FillAsync();
        var before = world.Engine.Runners.Select(runner => runner.RunnerId).ToHashSet();

        var next = await world.RestartAsync(o => o.Limits.MemoryMiB = 256);
        var (runner, created) = await next.ProvisionAsync("alice");

        Assert.True(created);
        Assert.DoesNotContain(runner.Id, before);
        Assert.Equal(world.Engine.Connect().PlanOf(world.Session), world.Engine.Runners.Single(seen => seen.RunnerId == runner.Id).Plan);
    }

    [Fact]
    public async Task Reconcile_IdleOfOtherSettings_IsReplaced_AFewAtATime()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 6);
        var first = world.Start();
        await first.FillAsync();
        var leased = (await first.ProvisionAsync("alice")).Runner;
        await first.FillAsync();
        var before = world.Engine.Runners.Select(runner => runner.RunnerId).ToHashSet();
        var next = await world.RestartAsync(o => o.Limits.MemoryMiB = 256);

        await next.Reconciler.ReconcileAsync(default);
        Assert.Equal(7 - 4, world.Engine.Runners.Count(runner => before.Contains(runner.RunnerId)));
        await next.FillAsync();
        await next.Reconciler.ReconcileAsync(default);
        await next.FillAsync();
        await next.Reconciler.ReconcileAsync(default);

        Assert.Equal(7, world.Engine.Runners.Count);
        Assert.Equal(leased.Id, Assert.Single(world.Engine.Runners, runner => before.Contains(runner.RunnerId)).RunnerId);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Reconcile_IdleOfATemplateThatIsNotConfiguredAnyMore_Goes_AndALeasedOneStays()
    {
        await using var world = new RunnerWorld(templates: named => named.Add("python", new NamedTemplateOptions { Image = "python:1", MinIdle = 2 }));
        var first = world.Start();
        await first.FillAsync();
        var leased = (await first.Leases.ProvisionAsync(world.Templates["python"], Owner.Session("alice"), RunnerNetwork.Bridge, default)).Runner;
        world.Named.Clear();

        var next = await world.RestartAsync(_ => { });
        await next.Reconciler.ReconcileAsync(default);

        Assert.Equal(leased.Id, Assert.Single(world.Engine.Runners).RunnerId);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Reconcile_OnlyThePoolsSizeChanged_KeepsTheIdleOnes()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 2);
        await world.Start().FillAsync();
        var before = world.Engine.Runners.Select(runner => runner.RunnerId).ToHashSet();

        var next = await world.RestartAsync(o => o.InactivityTimeoutSeconds = 5);
        await next.Reconciler.ReconcileAsync(default);

        Assert.Contains((await next.ProvisionAsync("alice")).Runner.Id, before);
    }
}
