using System.Diagnostics;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>SIGTERM: calls under way end well, runners stay, the next start goes on with them.</summary>
[Collection(OnTheEngine.Name)]
public sealed class StopTests
{
    [Fact]
    [Fault("api-stopped", "API", "SIGTERM with leased runners and a command running", "the command completes; the next start adopts the same runners")]
    public async Task Stop_WithLeasedRunners_KeepsThemForTheNextStart()
    {
        await using var server = await ApiServer.StartAsync();
        var before = await server.ProvisionAsync("stays");
        var machine = await server.Machines.GetAsync("/project", TestContext.Current.CancellationToken).JsonAsync(200);
        var containers = await server.Containers.IdsAsync();
        var running = server.ExecAsync("stays", "touch /tmp/begun; sleep 1; echo done");
        await Eventually.TrueAsync(async () => (await server.ExecAsync("stays", "test -e /tmp/begun"))["exitCode"]!.GetValue<int>() == 0);

        var watch = Stopwatch.StartNew();
        var code = await server.StopAsync();

        Assert.Equal(0, code);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Equal("done\n", (await running).Text("stdout"));
        Assert.Equal(containers, await server.Containers.IdsAsync());

        await server.StartAgainAsync();

        Assert.Equal(200, await server.HeartbeatAsync("stays"));
        var after = await server.ProvisionAsync("stays", 200);
        Assert.Equal((before.Text("runnerId"), before.Text("token")), (after.Text("runnerId"), after.Text("token")));
        Assert.Equal("here\n", (await server.ExecAsync("stays", "test -e /tmp/begun && echo here")).Text("stdout"));
        Assert.Equal(machine.ToJsonString(),
            (await server.Machines.GetAsync("/project", TestContext.Current.CancellationToken).JsonAsync(200)).ToJsonString());
        Assert.Equal(containers, await server.Containers.IdsAsync());
    }
}
