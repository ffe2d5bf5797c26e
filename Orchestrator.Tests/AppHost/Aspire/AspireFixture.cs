using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.EndToEnd;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>
/// The Aspire application as <c>dotnet run --project Orchestrator.AppHost</c> starts it, on random ports and without a
/// past. Started once; a part that can't be started fails every test at once, with its name.
/// </summary>
public sealed class AspireFixture : IAsyncLifetime
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    /// <summary>Every part that turns healthy; the image ends, when it is built.</summary>
    internal static readonly string[] Healthy =
    [
        Composition.Names.Redis, Composition.Names.Prometheus, Composition.Names.Grafana, Composition.Names.Api, Composition.Names.Worker,
    ];

    private readonly string _instance = $"aspire-{Guid.NewGuid():N}"[..20];
    private InstanceContainers? _containers;

    internal DistributedApplication App { get; private set; } = null!;

    internal HttpClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(StartLimit);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Orchestrator_AppHost>([$"--Instance={_instance}"], limit.Token);
        foreach (var resource in builder.Resources)
        {
            foreach (var volume in resource.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type == ContainerMountType.Volume).ToList())
            {
                resource.Annotations.Remove(volume);
            }
        }

        _containers = new InstanceContainers(_instance);
        App = await builder.BuildAsync(limit.Token);
        await App.StartAsync(limit.Token);
        if (builder.Resources.Any(resource => resource.Name == Composition.Names.RunnerImage))
        {
            await App.ResourceNotifications.WaitForResourceAsync(Composition.Names.RunnerImage, KnownResourceStates.TerminalStates, limit.Token);
        }

        foreach (var name in Healthy)
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, limit.Token);
        }

        Api = App.CreateHttpClient(Composition.Names.Api, "sessions");
    }

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        if (App is not null)
        {
            await App.DisposeAsync();
        }

        if (_containers is not null)
        {
            await _containers.DisposeAsync();
        }
    }
}
