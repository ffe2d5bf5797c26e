using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

public sealed partial class RunnerLeasesTests
{
    [Fact]
    public async Task Provision_IdleRunner_ClaimsItWithoutTheEngine()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        world.Engine.Available = false;

        var (runner, created) = await orchestrator.ProvisionAsync("alice");

        Assert.True(created);
        Assert.Equal(Owner.Session("alice"), runner.Owner);
        Assert.Equal(RunnerState.Leased, runner.State);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromSeconds(60), runner.ExpiresAt);
        Assert.NotNull(runner.Token);
        Assert.NotNull(runner.Placement?.Port);
    }

    [Fact]
    public async Task Provision_Again_GivesTheSameRunner()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var first = await orchestrator.ProvisionAsync("alice");

        var second = await orchestrator.ProvisionAsync("alice");

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(first.Runner.Id, second.Runner.Id);
        Assert.Equal(first.Runner.Token, second.Runner.Token);
        Assert.Equal(1, world.Engine.Started);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Provision_TwentyAtOnceForOneSession_MakesOneRunner(int idle)
    {
        await using var world = new RunnerWorld(o => o.MinIdle = idle);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        world.Engine.Before = call => call == "ready" ? Pace.PauseAsync(20) : Task.CompletedTask;

        var pump = Pump(world);
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => orchestrator.ProvisionAsync("alice"))));
        await pump.DisposeAsync();

        Assert.Single(results, r => r.Created);
        Assert.Single(results.Select(r => r.Runner.Id).Distinct());
        Assert.Equal(Math.Max(1, idle), world.Engine.Started);
    }

    [Fact]
    public async Task Provision_FiftySessionsAtOnce_FiftyRunnersAndPorts()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 2);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => orchestrator.ProvisionAsync($"s{i}"))));

        Assert.Equal(50, results.Select(r => r.Runner.Id).Distinct().Count());
        Assert.Equal(50, results.Select(r => r.Runner.Port).Distinct().Count());
        Assert.All(results, r => Assert.True(r.Created));
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Provision_SixMachinesOnAPoolOfTwo_SixPortsFrom9093()
    {
        await using var world = new RunnerWorld(machines: o => o.MinIdle = 2);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();
        world.Engine.ForeignPorts[9096] = true;

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => orchestrator.AssignAsync($"p{i}"))));

        Assert.Equal([9093, 9094, 9095, 9097, 9098, 9099], results.Select(r => r.Runner.Port!.Value).Order());
        Assert.All(results, r => Assert.Null(r.Runner.ExpiresAt));
    }

    [Fact]
    public async Task Provision_AnotherInstanceIsMakingIt_WaitsForThatOne()
    {
        await using var world = new RunnerWorld();
        var (here, there) = (world.Start(), world.Start());
        var ready = new TaskCompletionSource();
        world.Engine.Before = call => call == "ready" ? ready.Task : Task.CompletedTask;
        var first = Task.Run(() => here.ProvisionAsync("alice"));
        await Eventually.TrueAsync(() => world.Engine.Started == 1);

        await using var pump = Pump(world);
        var second = Task.Run(() => there.ProvisionAsync("alice"));
        await Eventually.TrueAsync(() => there.Process.Journal.Count(j => j.Contains("after store get", StringComparison.Ordinal)) > 3);
        ready.SetResult();

        Assert.True((await first).Created);
        Assert.False((await second).Created);
        Assert.Equal((await first).Runner.Id, (await second).Runner.Id);
        Assert.Equal(1, world.Engine.Started);
    }

    [Fact]
    public async Task Provision_StartFails_EveryJoinerIsToldAndNothingIsLeft()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Engine.ImageId = null;
        world.Engine.Before = call => call == "start" ? Pace.PauseAsync(20) : Task.CompletedTask;

        var pump = Pump(world);
        var results = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(async () => await Record.ExceptionAsync(() => orchestrator.ProvisionAsync("alice")))));
        await pump.DisposeAsync();

        Assert.All(results, e => Assert.IsType<RunnerImageMissingException>(e));
        Assert.Empty(await world.Store.ListAsync("test", default));

        world.Engine.ImageId = "sha256:image-1";
        Assert.True((await orchestrator.ProvisionAsync("alice")).Created);
    }

    [Fact]
    public async Task Provision_StoreRefusesTheStartsEnd_IsTakenBackOnceItWritesAgain()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var refusals = 0;
        orchestrator.Store.Before = call =>
            call is "attach" || (call is "begin remove" && Interlocked.Increment(ref refusals) < 3)
                ? Task.FromException(new StoreUnavailableException("The disk is full."))
                : Task.CompletedTask;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => orchestrator.ProvisionAsync("alice"));

        // Well before the reservation expires.
        var start = world.Clock.GetUtcNow();
        await using (Pump(world))
        {
            await Eventually.TrueAsync(async () => (await world.Store.ListAsync("test", default)).Count == 0);
        }

        Assert.Empty(world.Engine.Runners);
        Assert.True(world.Clock.GetUtcNow() - start < RunnerStarter.StartLimit);
    }

    [Fact]
    public async Task Provision_RunnerDiesAtItsStart_IsRemovedAndTold()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Engine.Before = call =>
        {
            if (call == "ready")
            {
                world.Engine.Die(world.Engine.Runners.Single().RunnerId);
            }

            return Task.CompletedTask;
        };

        await Assert.ThrowsAsync<RunnerNotReadyException>(() => orchestrator.ProvisionAsync("alice"));

        Assert.Empty(world.Engine.Runners);
        Assert.Null(await orchestrator.HeartbeatAsync("alice"));
    }

    [Fact]
    public async Task Provision_EngineStopsInBetween_LosesNothingAndWorksAgain()
    {
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        world.Engine.Before = call =>
        {
            world.Engine.Available = call != "ready" && world.Engine.Available;
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<EngineUnavailableException>(() => orchestrator.ProvisionAsync("alice"));
        Assert.Single(world.Engine.Runners);

        world.Engine.Before = null;
        world.Engine.Start();
        var (_, created) = await orchestrator.ProvisionAsync("alice");

        Assert.True(created);
        await world.AssertAgreementAsync();
    }

    [Fact]
    public async Task Provision_NoNetwork_NeverTakesAPooledRunner()
    {
        await using var world = new RunnerWorld(o => o.MinIdle = 1);
        var orchestrator = world.Start();
        await orchestrator.FillAsync();

        var (runner, _) = await orchestrator.ProvisionAsync("alice", RunnerNetwork.None);

        Assert.Equal(RunnerNetwork.None, runner.Network);
        Assert.Null(runner.Port);
        Assert.Equal(2, world.Engine.Runners.Count);
    }

    [Fact]
    public async Task ProvisionShared_ManyAtOnce_OneRunnerForEverybody()
    {
        await using var world = new RunnerWorld(o => o.Reuse = true);
        var orchestrator = world.Start();
        world.Engine.Before = call => call == "ready" ? Pace.PauseAsync(5) : Task.CompletedTask;

        var pump = Pump(world);
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() =>
            orchestrator.Leases.ProvisionSharedAsync(world.Session, Owner.Session($"s{i}"), RunnerNetwork.Bridge, default))));
        await pump.DisposeAsync();

        Assert.Single(results, r => r.Created);
        Assert.Single(results.Select(r => r.Runner.Owner).Distinct());
        Assert.Single(world.Engine.Runners);
    }

    /// <summary>Lets pauses on the test's clock pass while real work goes on.</summary>
    internal static IAsyncDisposable Pump(RunnerWorld world) => new ClockPump(world.Clock);

    private sealed class ClockPump : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _pumping;

        public ClockPump(ManualTimeProvider clock) => _pumping = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                clock.Advance(TimeSpan.FromMilliseconds(2));
                await Pace.PauseAsync(1);
            }
        });

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _pumping;
            _stop.Dispose();
        }
    }
}
