using System.Globalization;
using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>
/// The floor of provisioning: a container with identical settings, created by bare engine calls alone, until its first
/// HTTP answer.
/// </summary>
internal sealed class BareEngine : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly RunnerTemplate _template;
    private readonly IDockerClient _client = DockerEndpoint.CreateClient(new DockerOptions());
    private readonly HttpClient _probe = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) });

    private BareEngine(RunnerTemplate template, string network) => (_template, Network) = (template, network);

    /// <summary>A bare engine that uses the network of a running orchestrator.</summary>
    public static async Task<BareEngine> ConnectAsync(string instance, string image)
    {
        using var client = DockerEndpoint.CreateClient(new DockerOptions());
        var networks = await client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = DockerLabels.Filter((DockerLabels.Instance, instance)) });
        return new BareEngine(new RunnersOptions { Image = image }.ToTemplate(), networks.Single().ID);
    }

    /// <summary>The network of its containers.</summary>
    public string Network { get; }

    /// <summary>Create, start, first answer.</summary>
    /// <param name="late">Whether the container is connected to its network after its start.</param>
    public async Task<string> ProvisionAsync(bool late = false)
    {
        var image = await ImageAsync();
        var spec = new RunnerSpec(RunnerId.Create("bare", DateTimeOffset.UtcNow), _template, null, RunnerId.CreateToken(), RunnerNetwork.Bridge, null);
        var created = await _client.Containers.CreateContainerAsync(ContainerPlan.Of(spec, "bench-bare", "", image, null, Network, late, "127.0.0.1"));
        await _client.Containers.StartContainerAsync(created.ID, new ContainerStartParameters());
        if (late)
        {
            await _client.Networks.DisconnectNetworkAsync(DockerBridge.None, new NetworkDisconnectParameters { Container = created.ID });
            await _client.Networks.ConnectNetworkAsync(Network, new NetworkConnectParameters { Container = created.ID });
        }

        var inspected = await _client.Containers.InspectContainerAsync(created.ID);
        var port = inspected.NetworkSettings!.Ports[ContainerPlan.PortKey(_template)][0].HostPort;
        await AnsweredAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/healthz")));
        return created.ID;
    }

    /// <summary>A forced remove.</summary>
    public Task RemoveAsync(string id) =>
        _client.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true });

    public void Dispose()
    {
        _client.Dispose();
        _probe.Dispose();
    }

    private ImageFacts? _image;

    private async Task<ImageFacts> ImageAsync() => _image ??= new ImageFacts("", (await _client.Images.InspectImageAsync(_template.Image)).Config?.User ?? "");

    /// <summary>Waits for the first successful HTTP answer.</summary>
    public async Task AnsweredAsync(Uri address)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            try
            {
                using var answer = await _probe.GetAsync(address, limit.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), limit.Token);
        }
    }
}
