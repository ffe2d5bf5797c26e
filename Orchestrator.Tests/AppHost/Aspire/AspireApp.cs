using System.Collections.Concurrent;
using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Docker.DotNet;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.AppHost;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>
/// The Aspire application as <c>dotnet run --project Orchestrator.AppHost</c> starts it, on random ports and without a
/// past: its runners, networks and volumes are of its own, and go with it.
/// </summary>
internal sealed class AspireApp : IAsyncDisposable
{
    private readonly string _instance = $"aspire-{Guid.NewGuid():N}"[..20];
    private readonly InstanceContainers _containers;
    private readonly List<string> _volumes = [];
    private readonly ConcurrentDictionary<string, ResourceEvent> _replicas = new();
    private readonly CancellationTokenSource _stop = new();
    private DistributedApplication? _app;
    private Task _watching = Task.CompletedTask;

    private AspireApp() => _containers = new InstanceContainers(_instance);

    public DistributedApplication App => _app!;

    public StandInParts StandIns { get; private set; } = null!;

    /// <summary>Every part that turns healthy.</summary>
    public IReadOnlyList<string> Healthy =>
    [
        .. App.Services.GetRequiredService<DistributedApplicationModel>().Resources.Select(resource => resource.Name).Intersect(
            [Composition.Names.Redis, Composition.Names.Prometheus, Composition.Names.Grafana, Composition.Names.Api, Composition.Names.Worker]),
    ];

    /// <summary>Its runners on the engine.</summary>
    public InstanceContainers Containers => _containers;

    /// <summary>Builds it; nothing is started yet.</summary>
    /// <param name="change">What is different from the real one.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<AspireApp> BuildAsync(Action<IDistributedApplicationTestingBuilder>? change, CancellationToken cancellationToken)
    {
        await InstanceContainers.RequireAsync();
        var app = new AspireApp();
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Orchestrator_AppHost>([$"--Instance={app._instance}"], cancellationToken);
            app.StandIns = await StandInParts.ReplaceMissingAsync(builder, app._containers.Client, cancellationToken);
            foreach (var resource in builder.Resources)
            {
                app.GiveVolumesOfItsOwn(resource);
            }

            // Built anew it would be another image, and every orchestrator on this engine would replace its runners.
            builder.Resources.FirstOrDefault(resource => resource.Name == Composition.Names.RunnerImage)?.Annotations.Add(new ExplicitStartupAnnotation());
            change?.Invoke(builder);
            app._app = await builder.BuildAsync(cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, and waits until every part is healthy.</summary>
    /// <exception cref="InvalidOperationException">A part can't be started; told at once, with its name.</exception>
    /// <exception cref="TimeoutException">Some parts are not healthy in time; the message names them.</exception>
    public async Task StartAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(within);
        _watching = WatchAsync();
        var starting = App.StartAsync(limit.Token);
        var waits = Healthy.ToDictionary(
            name => App.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, limit.Token) as Task, name => name);
        waits.Add(starting, "The application");
        while (waits.Count > 0)
        {
            var done = await Task.WhenAny(waits.Keys);
            try
            {
                await done;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Not healthy within {within.TotalSeconds} s: {string.Join(", ", waits.Values)}.");
            }
            catch (DistributedApplicationException e)
            {
                throw new InvalidOperationException($"Part {waits[done]} can't be started: {e.Message}", e);
            }

            waits.Remove(done);
        }
    }

    /// <summary>A property as the dashboard has it, of each replica of a part.</summary>
    public IReadOnlyList<string> PropertyOf(string part, string property) =>
    [
        .. ReplicasOf(part).Select(replica => $"{replica.Properties.FirstOrDefault(one => one.Name == property)?.Value}").Order(StringComparer.Ordinal),
    ];

    /// <summary>What the dashboard knows last of each replica of a part.</summary>
    public IReadOnlyList<CustomResourceSnapshot> ReplicasOf(string part) =>
        [.. _replicas.Values.Where(replica => replica.Resource.Name == part).Select(replica => replica.Snapshot)];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        foreach (var volume in _volumes)
        {
            // In use until the engine has removed its container.
            await Eventually.TrueAsync(() => IsRemovedAsync(volume), TimeSpan.FromSeconds(60), $"The removal of volume {volume}");
        }

        await _containers.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var change in App.ResourceNotifications.WatchAsync(_stop.Token))
            {
                _replicas[change.ResourceId] = change;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<bool> IsRemovedAsync(string volume)
    {
        try
        {
            await _containers.Client.Volumes.RemoveAsync(volume, force: true);
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
