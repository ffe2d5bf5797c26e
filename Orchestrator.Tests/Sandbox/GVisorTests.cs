using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sandbox;

/// <summary>A runner under gVisor, where the engine knows it: it is set up apart from the product.</summary>
[Collection(SandboxCollection.Name)]
public sealed class GVisorTests(SandboxFixture fixture) : IAsyncLifetime
{
    private const string Runtime = "runsc";

    public async ValueTask InitializeAsync()
    {
        fixture.Require();
        Components.Ask(Component.GVisor);
        var info = await fixture.Client.System.GetSystemInfoAsync(TestContext.Current.CancellationToken);
        if (!info.Runtimes.ContainsKey(Runtime))
        {
            Components.Missing(Component.GVisor, $"the engine has no runtime {Runtime}");
        }
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Runtime_Runsc_ProvisionsExecutesAndRunsUnderItsOwnKernel()
    {
        // gVisor's kernel is a process of the container's too: too few of them for it, and the sandbox ends.
        var limits = fixture.Template.Limits with { MemoryBytes = 512L << 20, Processes = 256 };
        var runner = await fixture.StartAsync(template: fixture.Template with { Runtime = Runtime, Limits = limits });

        foreach (var way in new[] { Way.Exec, Way.Run })
        {
            Assert.Equal("10002\n4.4.0\n", (await runner.BashAsync(way, "id -u; uname -r")).Stdout);
            var outcome = await runner.BashAsync(way, "(setsid sleep 4321 &); sleep 4321", seconds: 1);
            Assert.Equal((null, true, false), (outcome.ExitCode, outcome.TimedOut, outcome.StillRunning));
        }

        Assert.Equal("0\n", (await runner.BashAsync(Way.Exec, "ps -eo args | grep -c '^sleep 4321' || true")).Stdout);
        Assert.True(await runner.IsHealthyAsync());
    }
}
