using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

public sealed partial class RunnerLeasesTests
{
    [Fact]
    public async Task Release_ALeasedRunner_RemovesItBeforeItAnswers()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("alice");

        Assert.True(await orchestrator.DeprovisionAsync("alice"));

        Assert.Empty(world.Engine.Runners);
        Assert.False(await orchestrator.DeprovisionAsync("alice"));
        Assert.Null(await orchestrator.HeartbeatAsync("alice"));
    }

    [Fact]
    public async Task Release_AMachine_PutsItBackIntoThePool()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var (machine, _) = await orchestrator.AssignAsync("p1");

        Assert.True(await orchestrator.Leases.ReleaseAsync(world.Machine, Owner.Machine("p1"), default));
        var (next, created) = await orchestrator.AssignAsync("p2");

        Assert.True(created);
        Assert.Equal(machine.Id, next.Id);
        Assert.Equal(1, world.Engine.Started);
    }

    [Fact]
    public async Task Release_EngineStopped_IsFinishedByTheNextCall()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("alice");
        world.Engine.Available = false;
        await Assert.ThrowsAsync<EngineUnavailableException>(() => orchestrator.DeprovisionAsync("alice"));

        world.Engine.Available = true;

        Assert.True(await orchestrator.DeprovisionAsync("alice"));
        Assert.Empty(world.Engine.Runners);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task ProvisionAndRelease_Racing_EndInOneOrderOrTheOther()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var world = new RunnerWorld(o => o.MinIdle = round % 2);
            var orchestrator = world.Start();
            await orchestrator.FillAsync();
            world.Engine.Before = _ => Pace.PauseAsync(Random.Shared.Next(3));
            var pump = Pump(world);

            var provisions = Enumerable.Range(0, 4).Select(_ => Task.Run(() => orchestrator.ProvisionAsync("alice"))).ToArray();
            var releases = Enumerable.Range(0, 3).Select(_ => Task.Run(() => orchestrator.DeprovisionAsync("alice"))).ToArray();
            var given = await Task.WhenAll(provisions);
            var ended = await Task.WhenAll(releases);
            await pump.DisposeAsync();

            var left = await world.Store.FindAsync("session", Owner.Session("alice"), default);
            Assert.Equal(given.Count(g => g.Created) - ended.Count(e => e), left is null ? 0 : 1);
            Assert.Equal(given.Select(g => g.Runner.Id).Distinct().Count(), given.Count(g => g.Created));
            await world.AssertAgreementAsync();
        }
    }

    [Fact]
    public async Task Exec_LongerThanTheLease_KeepsIt()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var (runner, _) = await orchestrator.ProvisionAsync("alice");
        var done = new TaskCompletionSource<ExecResult>();
        world.Engine.Exec = (_, _, _) => done.Task;
        await orchestrator.Reaper.SweepAsync(default);

        var exec = orchestrator.Leases.ExecAsync(world.Session, Owner.Session("alice"), Command(), new TextOutput(), default);
        for (var second = 0; second < 300; second += 10)
        {
            world.Clock.Advance(TimeSpan.FromSeconds(10));
            await Eventually.TrueAsync(async () => (await world.Store.GetAsync(runner.Id, default))!.ExpiresAt > world.Clock.GetUtcNow() + TimeSpan.FromSeconds(20));
            await orchestrator.Reaper.SweepAsync(default);
        }

        done.SetResult(new ExecResult(0, TimeSpan.FromSeconds(300), false, false));
        Assert.Equal(0, (await exec)!.ExitCode);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(60), (await world.Store.GetAsync(runner.Id, default))!.ExpiresAt);
    }

    [Fact]
    public async Task Exec_CommandThatCantBeKilled_CostsTheRunner()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        await orchestrator.ProvisionAsync("alice");
        world.Engine.Exec = (_, _, _) => Task.FromResult(new ExecResult(null, TimeSpan.FromSeconds(1), true, false, StillRunning: true));

        var result = await orchestrator.Leases.ExecAsync(world.Session, Owner.Session("alice"), Command(), new TextOutput(), default);

        Assert.True(result!.TimedOut);
        Assert.Empty(world.Engine.Runners);
    }

    private static ExecRequest Command() => new(["true"], null, new Dictionary<string, string>(), TimeSpan.FromHours(1));
}
