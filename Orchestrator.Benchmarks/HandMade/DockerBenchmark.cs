using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Benchmarks.Provision;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>
/// Our unusual use of Docker, by bare engine calls, in turns: a container that is connected to its network while its program
/// starts.
/// </summary>
internal static class DockerBenchmark
{
    private const string Instance = "bench-parts";

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        await using var api = await OrchestratorServer.StartAsync(Instance, ("Runners__MinIdle", "0"));
        await api.ProvisionAsync("first");
        using var engine = await BareEngine.ConnectAsync(Instance, ColdOnDocker.Image);
        await api.DeprovisionAsync("first");

        var start = (Late: new Samples("connected while it starts"), Early: new Samples("on its network from the start"));
        for (var round = -2; round < (quick ? 8 : 50); round++)
        {
            // The two alternate in going first.
            foreach (var late in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var id = "";
                await (round < 0 ? new Samples("") : late ? start.Late : start.Early).TimeAsync(async () => id = await engine.ProvisionAsync(late));
                await engine.RemoveAsync(id);
                await Task.Delay(300);
            }
        }

        return [Comparison.Part("Late network: create, start, first HTTP answer of runner-image", start.Late, start.Early, "ms")];
    }
}
