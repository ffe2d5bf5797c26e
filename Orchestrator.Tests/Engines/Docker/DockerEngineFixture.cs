using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The Docker engine of this machine with a foreign image that serves HTTP.</summary>
public class DockerEngineFixture : EngineFixture
{
    /// <summary>Busybox' web server on port 3000, by default as root.</summary>
    public const string WebImage = "orchestrator-tests/web:1";

    private const string Web =
        """["sh","-c","mkdir -p /tmp/www && echo ok > /tmp/www/healthz && echo 12.5 > /tmp/www/activity && echo serving && exec httpd -f -p 3000 -h /tmp/www"]""";

    private readonly List<ServiceProvider> _providers = [];

    public DockerClient Client { get; } = new DockerClientBuilder().WithTimeout(TimeSpan.FromSeconds(60)).Build();

    public override RunnerTemplate Template => TemplateOf(WebImage);

    /// <summary>A template of an image that gets ready by HTTP.</summary>
    protected static RunnerTemplate TemplateOf(string image) => new()
    {
        Name = "session",
        IdPrefix = "runner",
        Image = image,
        Ready = new Readiness(ReadinessKind.Http, "/healthz", TimeSpan.FromSeconds(20)),
        Limits = new RunnerLimits(256L << 20, 1, 64, 16L << 20),
    };

    protected override async ValueTask StartAsync()
    {
        await Components.RequireEngineAsync(Client);
        await RequireImagesAsync();
    }

    /// <summary>Asks for the images that runners are made of.</summary>
    protected virtual async Task RequireImagesAsync()
    {
        await TinyImage.RequireAsync(Client);
        await TinyImage.RequireAsync(Client, WebImage, Web);
    }

    public override IRunnerEngine Connect(string instance) => ServicesOf(instance).GetRequiredService<IRunnerEngine>();

    /// <summary>The engine's parts.</summary>
    internal IServiceProvider ServicesOf(string instance, Action<DockerOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new DockerOptions { Host = Environment.GetEnvironmentVariable("DOCKER_HOST") };
        configure?.Invoke(options);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(OptionsOf(instance));
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(Options.Create(options));
        services.AddDockerEngine();
        var provider = services.BuildServiceProvider(validateScopes: true);
        _providers.Add(provider);
        return provider;
    }

    public override Task KillAsync(RunnerPlacement placement) =>
        Client.Containers.KillContainerAsync(placement.Handle, new ContainerKillParameters { Signal = "KILL" });

    public override async Task ForgetAsync(string instance)
    {
        if (!IsServed)
        {
            return;
        }

        var mine = DockerLabels.Filter((DockerLabels.Instance, instance));
        foreach (var container in await Client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = mine }))
        {
            await Client.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true });
        }

        foreach (var network in await Client.Networks.ListNetworksAsync(new NetworksListParameters { Filters = mine }))
        {
            await Client.Networks.DeleteNetworkAsync(network.ID);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
        {
            await provider.DisposeAsync();
        }

        Client.Dispose();
        GC.SuppressFinalize(this);
    }
}
