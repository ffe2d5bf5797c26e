using System.Net;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Docker.DotNet;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>The Aspire application with containers for its parts and runners; networks and volumes are its own, and go with it.</summary>
internal sealed class ContainersApp : IAsyncDisposable
{
    private readonly List<string> _volumes = [];
    private readonly string _instance = AspireApp.NewInstance();

    private ContainersApp() => Runners = new InstanceContainers(_instance);

    public AspireApp App { get; private set; } = null!;

    public StandInParts StandIns { get; private set; } = null!;

    /// <summary>Its runners on the engine.</summary>
    public InstanceContainers Runners { get; }

    /// <summary>Builds it; nothing is started yet.</summary>
    /// <param name="change">What is different from the real one.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<ContainersApp> BuildAsync(Action<IDistributedApplicationTestingBuilder>? change, CancellationToken cancellationToken)
    {
        await InstanceContainers.RequireAsync();
        var containers = new ContainersApp();
        try
        {
            containers.App = await AspireApp.BuildAsync(
                ["--Parts=containers", $"--Instance={containers._instance}"],
                withDashboard: false,
                async builder =>
                {
                    containers.StandIns = await StandInParts.ReplaceMissingAsync(builder, containers.Runners.Client, cancellationToken);
                    foreach (var resource in builder.Resources)
                    {
                        containers.GiveVolumesOfItsOwn(resource);
                    }

                    change?.Invoke(builder);
                },
                cancellationToken);
            return containers;
        }
        catch
        {
            await containers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (App is not null)
        {
            await App.DisposeAsync();
        }

        foreach (var volume in _volumes)
        {
            // In use until the engine has removed its container.
            await Eventually.TrueAsync(() => IsRemovedAsync(volume), TimeSpan.FromSeconds(60), $"The removal of volume {volume}");
        }

        await Runners.DisposeAsync();
    }

    private async Task<bool> IsRemovedAsync(string volume)
    {
        try
        {
            await Runners.Client.Volumes.RemoveAsync(volume, force: true);
            return true;
        }
        catch (DockerApiException error) when (error.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            // A part that never started never had one.
            return error.StatusCode == HttpStatusCode.NotFound;
        }
    }

    private void GiveVolumesOfItsOwn(IResource resource)
    {
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type == ContainerMountType.Volume).ToList())
        {
            var volume = $"{_instance}-{resource.Name}";
            _volumes.Add(volume);
            resource.Annotations.Remove(mount);
            resource.Annotations.Add(new ContainerMountAnnotation(volume, mount.Target, ContainerMountType.Volume, mount.IsReadOnly));
        }
    }
}
