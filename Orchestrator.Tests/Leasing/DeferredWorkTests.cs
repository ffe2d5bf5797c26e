using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

public sealed class DeferredWorkTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<int> _done = [];

    [Fact]
    public void Do_SeveralThings_AreDoneTogetherAMomentLaterInTheirOrder()
    {
        using var deferred = new DeferredWork(_clock);
        deferred.Do(() => _done.Add(1));
        _clock.Advance(TimeSpan.FromMilliseconds(9));
        deferred.Do(() => _done.Add(2));
        Assert.Empty(_done);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([1, 2], _done);

        deferred.Do(() => _done.Add(3));
        Assert.Equal([1, 2], _done);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal([1, 2, 3], _done);
    }

    [Fact]
    public void Dispose_SomethingLeft_DoesIt()
    {
        var deferred = new DeferredWork(_clock);
        deferred.Do(() => _done.Add(1));

        deferred.Dispose();

        Assert.Equal([1], _done);
    }

    [Fact]
    public async Task Provision_NotDeferred_WaitsForTheCallerToDefer()
    {
        using var watch = new MetricWatch("orchestrator_provision_duration_seconds");
        await using var world = new RunnerWorld();
        var orchestrator = world.Start();
        var template = world.Session with { Name = "answered" };

        var provisioned = await orchestrator.Leases.ProvisionAsync(
            template, Owner.Session("a"), RunnerNetwork.Bridge, default, defer: false);
        var (runner, created) = provisioned;
        world.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(created);
        Assert.Equal(RunnerState.Leased, runner.State);
        Assert.DoesNotContain(watch.Heard, heard => heard.Tags.Contains("template=answered", StringComparison.Ordinal));

        orchestrator.Leases.Defer(provisioned);
        world.Clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Contains(watch.Heard, heard => heard.Tags.Contains("template=answered", StringComparison.Ordinal));
    }
}
