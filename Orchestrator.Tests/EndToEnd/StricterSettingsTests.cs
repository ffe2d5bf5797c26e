using Docker.DotNet.Models;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>A restart with other settings: nobody gets a runner that was made under the old ones.</summary>
[Collection(OnTheEngine.Name)]
public sealed class StricterSettingsTests
{
    private const int Pool = 3;

    private static readonly string[] Loose = [$"--Runners:MinIdle={Pool}", "--Runners:Hardening=compatible", "--Runners:Limits:MemoryMiB=1024"];
    private static readonly string[] Strict = ["--Runners:Hardening=strict", "--Runners:Limits:MemoryMiB=256"];

    [Fact]
    public async Task Provision_RightAfterARestartWithStricterSettings_IsStrict_AndThePoolIsReplaced()
    {
        await using var server = await ApiServer.StartAsync(Loose);
        await PoolIsFullAsync(server);
        var kept = await server.ProvisionAsync("kept");
        await PoolIsFullAsync(server);
        var before = (await server.Containers.ListAsync()).Select(container => container.ID).ToHashSet();
        await server.StopAsync();

        await server.StartAgainAsync(Strict);
        var provisioned = await Task.WhenAll(Enumerable.Range(0, Pool).Select(i => server.ProvisionAsync($"strict-{i}")));

        foreach (var answer in provisioned)
        {
            await AssertMadeAsync(server, answer.Text("runnerId"), strict: true);
        }

        Assert.Equal(kept.Text("runnerId"), (await server.ProvisionAsync("kept", 200)).Text("runnerId"));
        await AssertMadeAsync(server, kept.Text("runnerId"), strict: false);
        await Eventually.TrueAsync(
            async () => (await server.Containers.ListAsync()).Count(container => before.Contains(container.ID)) == 1,
            TimeSpan.FromSeconds(60), "The end of the old pool");
        await PoolIsFullAsync(server);
        foreach (var idle in (await server.RunnersAsync()).Where(runner => runner.State == "idle"))
        {
            await AssertMadeAsync(server, idle.Id, strict: true);
        }
    }

    private static Task PoolIsFullAsync(ApiServer server) => Eventually.TrueAsync(
        async () => (await server.RunnersAsync()).Count(runner => runner.State == "idle") >= Pool, TimeSpan.FromSeconds(60), "A full pool");

    private static async Task AssertMadeAsync(ApiServer server, string runnerId, bool strict)
    {
        var listed = (await server.Containers.ListAsync()).Single(container => container.Labels[DockerLabels.Runner] == runnerId);
        HostConfig host = (await server.Containers.Client.Containers.InspectContainerAsync(listed.ID, TestContext.Current.CancellationToken)).HostConfig!;
        Assert.Equal((strict, strict ? 256L << 20 : 1024L << 20), (host.ReadonlyRootfs, host.Memory));
        Assert.Equal(32, listed.Labels[DockerLabels.Plan].Length);
    }
}
