using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// The engine of this machine, when there is one; tests that need it skip themselves otherwise. What a test makes
/// carries this instance's label and is removed at the end.
/// </summary>
public sealed class RealEngine : ComponentFixture
{
    public const string LabelName = "orchestrator.tests.instance";

    public DockerClient Client { get; } = new DockerClientBuilder().WithTimeout(TimeSpan.FromSeconds(60)).Build();

    public string Instance { get; } = Guid.NewGuid().ToString("N");

    public string Label => $"{LabelName}={Instance}";

    protected override async ValueTask StartAsync()
    {
        await Components.RequireEngineAsync(Client);
        await TinyImage.RequireAsync(Client);
    }

    /// <summary>A name that no other test uses.</summary>
    public static string NewName() => $"orchestrator-tests-{Guid.NewGuid():N}"[..40];

    /// <summary>Settings of a container of ours, of the tiny image, that runs a command of the shell.</summary>
    public CreateContainerParameters Container(string script = "sleep 600") => new()
    {
        Image = TinyImage.Name,
        Cmd = ["sh", "-c", script],
        Labels = new Dictionary<string, string> { [LabelName] = Instance },
        HostConfig = new HostConfig { NetworkMode = "none", Init = true },
    };

    public async Task<string> StartAsync(CreateContainerParameters parameters, CancellationToken cancellationToken)
    {
        var container = await Client.Containers.CreateContainerAsync(parameters, cancellationToken);
        await Client.Containers.StartContainerAsync(container.ID, null, cancellationToken);
        return container.ID;
    }

    public Task<string> StartAsync(string script, CancellationToken cancellationToken) =>
        StartAsync(Container(script), cancellationToken);

    public Task RemoveAsync(string id) =>
        Client.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true });

    public override async ValueTask DisposeAsync()
    {
        if (IsServed)
        {
            var mine = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [Label] = true } };
            foreach (var container in await Client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = mine }))
            {
                await RemoveAsync(container.ID);
            }

            foreach (var network in await Client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = mine }))
            {
                await Client.Networks.DeleteNetworkAsync(network.ID);
            }
        }

        Client.Dispose();
    }

    /// <summary>Seconds since 1970 with a fraction, as the engine takes points in time.</summary>
    public static string At(DateTimeOffset time) =>
        (time.ToUnixTimeMilliseconds() / 1000m).ToString("F3", CultureInfo.InvariantCulture);
}
