using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Resilience;
using Orchestrator.Engines.Docker;
using Polly;

namespace Orchestrator.Benchmarks.Hosting;

/// <summary>Removes a benchmark's runners, which an orchestrator leaves running when it stops.</summary>
internal static class RunnerContainers
{
    private static readonly ResiliencePipeline Insisting = ResilienceDefaults.Guard("engine", TimeProvider.System)
        .AddBoundedRetry(new PredicateBuilder().Handle<DockerApiException>(), TimeSpan.FromMilliseconds(250), retries: 4)
        .Build();

    /// <summary>The number of an instance's containers, in any state.</summary>
    public static async Task<int> CountAsync(string instance)
    {
        using var client = DockerEndpoint.CreateClient(new DockerOptions());
        return (await client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = Of(instance) })).Count;
    }

    /// <summary>
    /// Removes every container and network of an instance, including those that the engine is still creating. A network stays
    /// if the engine wrongly believes it in use, as it does until its restart; the next run reuses it.
    /// </summary>
    public static async Task RemoveAsync(string instance)
    {
        using var client = DockerEndpoint.CreateClient(new DockerOptions());
        try
        {
            await Insisting.ExecuteAsync(async _ => await RemoveAsync(client, Of(instance)));
        }
        catch (DockerApiException error)
        {
            Console.Error.WriteLine($"Clean-up of {instance} is incomplete: {error.Message}");
        }
    }

    private static async Task RemoveAsync(IDockerClient client, Dictionary<string, IDictionary<string, bool>> ours)
    {
        var containers = await client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = ours });
        await Parallel.ForEachAsync(containers, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (container, stop) =>
            await client.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, stop));
        foreach (var network in await client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = ours }))
        {
            await client.Networks.DeleteNetworkAsync(network.ID);
        }
    }

    private static Dictionary<string, IDictionary<string, bool>> Of(string instance) => new()
    {
        ["label"] = new Dictionary<string, bool> { [$"orchestrator.instance={instance}"] = true },
    };
}
