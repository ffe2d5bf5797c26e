using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Machines;

/// <summary>Machines:OnRelease=replace: nobody gets what another project had.</summary>
public sealed class ReplacedMachineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Release_Replace_RemovesTheMachineAndTheNextIsFresh(string next)
    {
        await using var host = await ApiHost.StartAsync("--Machines:OnRelease=replace");
        var machine = await host.Machines.GetAsync("/p1", Cancel).JsonAsync(200);

        await host.Machines.DeleteAsync("/p1", Cancel).AnswersAsync(200, """{"message":"Machine p1 released"}""");

        Assert.Empty(host.Engine.Runners);
        await host.Machines.GetAsync("/machines/list", Cancel).AnswersAsync(200, """{"machines":[]}""");
        var fresh = await host.Machines.GetAsync($"/{next}", Cancel).JsonAsync(200);
        Assert.NotEqual(machine.Text("containerId"), fresh.Text("containerId"));
        Assert.NotEqual(machine.Text("token"), fresh.Text("token"));
        Assert.Equal(2, host.Engine.Started);
    }

    [Fact]
    public async Task Release_ReplaceByItsOwnId_KeepsThePoolFull()
    {
        await using var host = await ApiHost.StartAsync("--Machines:OnRelease=replace", "--Machines:MinIdle=2");
        await Eventually.TrueAsync(() => host.Engine.Runners.Count == 2);
        var machine = (await host.Machines.GetAsync("/p1", Cancel).JsonAsync(200)).Text("containerId");

        await host.Machines.DeleteAsync($"/{machine}", Cancel).JsonAsync(200);

        Assert.DoesNotContain(host.Engine.Runners, runner => runner.RunnerId == machine);
        await Eventually.TrueAsync(
            async () => (await host.Machines.GetAsync("/health", Cancel).JsonAsync(200)).ToJsonString()
                == """{"status":"ok","docker":"connected","machines":{"total":2,"idle":2,"used":0}}""",
            what: "Two idle machines");
        var list = await host.Machines.GetAsync("/machines/list", Cancel).JsonAsync(200);
        Assert.DoesNotContain(list["machines"]!.AsArray(), entry => entry!.Text("id") == machine);
    }
}
