using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>What one orchestrator has on the engine, seen past it: its containers and its network, by their labels.</summary>
internal sealed class InstanceContainers(string instance) : IAsyncDisposable
{
    public const string Image = "runner-image";

    private readonly DockerClient _client = new DockerClientBuilder().WithTimeout(TimeSpan.FromSeconds(60)).Build();

    public DockerClient Client => _client;

    /// <summary>Skips the test where the engine or the image is missing.</summary>
    public static async Task RequireAsync()
    {
        using var client = new DockerClientBuilder().WithTimeout(TimeSpan.FromSeconds(20)).Build();
        await Components.RequireEngineAsync(client);
        await RequireImageAsync(client);
    }

    /// <summary>Asks an engine that answers for our image.</summary>
    public static async Task RequireImageAsync(DockerClient client)
    {
        Components.Ask(Component.RunnerImage);
        try
        {
            await client.Images.InspectImageAsync(Image);
        }
        catch (DockerImageNotFoundException)
        {
            Components.Missing(Component.RunnerImage, $"the engine has no image {Image}");
        }
    }

    /// <summary>Asks the engine for a sign of life.</summary>
    public static async Task PingAsync()
    {
        using var client = new DockerClientBuilder().WithTimeout(TimeSpan.FromSeconds(5)).Build();
        await client.System.PingAsync();
    }

    /// <summary>Every container, whatever its state.</summary>
    public async Task<IReadOnlyList<ContainerListResponse>> ListAsync() =>
        [.. await _client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = Mine() })];

    /// <summary>The ids of the containers that run, and "id state" of the others.</summary>
    public async Task<IReadOnlyList<string>> IdsAsync() =>
        [.. (await ListAsync()).Select(c => c.State == "running" ? c.ID : $"{c.ID} {c.State}").Order(StringComparer.Ordinal)];

    /// <summary>The containers labelled with a session.</summary>
    public async Task<IReadOnlyList<ContainerListResponse>> OfSessionAsync(string session) =>
        [.. (await ListAsync()).Where(c => c.Session() == session)];

    public Task KillAsync(string id) => SignalAsync(id, "KILL");

    /// <summary>Sends a signal, by its name, to a container's first process.</summary>
    public Task SignalAsync(string id, string signal) =>
        _client.Containers.KillContainerAsync(id, new ContainerKillParameters { Signal = signal });

    public Task RestartAsync(string id) =>
        _client.Containers.RestartContainerAsync(id, new ContainerRestartParameters { WaitBeforeKillSeconds = 0 });

    /// <summary>Whether a process in a container has a command line with such an end.</summary>
    public async Task<bool> RunsAsync(string id, string end)
    {
        var processes = await _client.Containers.ListProcessesAsync(id, new ContainerListProcessesParameters());
        return processes.Processes.Any(process => process[^1].EndsWith($" {end}", StringComparison.Ordinal));
    }

    public Task PauseAsync(string id) => _client.Containers.PauseContainerAsync(id);

    /// <summary>Takes a container from the instance's network.</summary>
    public async Task DisconnectAsync(string id)
    {
        var network = Assert.Single(await _client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = Mine() }));
        await _client.Networks.DisconnectNetworkAsync(network.ID, new NetworkDisconnectParameters { Container = id, Force = true });
    }

    public Task RemoveAsync(string id) =>
        _client.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true });

    /// <summary>Removes everything, also what the engine was still making when its orchestrator went.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // The engine takes some at a time; fifty in turn take it half a minute.
            await Parallel.ForEachAsync(
                await ListAsync(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (container, _) => await RemoveUnlessGoneAsync(container.ID));

            foreach (var network in await _client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = Mine() }))
            {
                await _client.Networks.DeleteNetworkAsync(network.ID);
            }

            foreach (var late in await ListAsync())
            {
                await RemoveUnlessGoneAsync(late.ID);
            }
        }
        finally
        {
            _client.Dispose();
        }
    }

    private async Task RemoveUnlessGoneAsync(string id)
    {
        try
        {
            await RemoveAsync(id);
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsBeingRemoved())
        {
        }
    }

    private Dictionary<string, IDictionary<string, bool>> Mine() => DockerLabels.Filter((DockerLabels.Instance, instance));
}
