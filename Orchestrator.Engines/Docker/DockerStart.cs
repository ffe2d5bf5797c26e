using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>Creates and starts containers, and removes all traces of a failed start.</summary>
internal sealed partial class DockerStart(
    DockerCalls calls,
    DockerImages images,
    GuestVolume guests,
    DockerBridge bridge,
    LateNetwork lateNetwork,
    DockerRemoval removal,
    DockerLogs logs,
    RunnerContainers containers,
    RunnersOptions options,
    ILogger<DockerStart> logger)
{
    private const int Attempts = 3;
    private static readonly TimeSpan DiscardLimit = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Creates and starts a runner's container: three calls, two more with a late network, further ones only when something is
    /// gone.
    /// </summary>
    /// <inheritdoc cref="IRunnerEngine.StartAsync"/>
    public async Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var image = await images.GetAsync(spec.Template, cancellationToken);
            var guest = await guests.GetAsync(spec.Template, image, cancellationToken);
            var network = spec.Network == RunnerNetwork.None ? null : await bridge.GetAsync(cancellationToken);
            var late = network is not null && lateNetwork.Suits(spec.Template, image.Id);
            try
            {
                return await StartOnceAsync(spec, image, guest, network, late, cancellationToken);
            }
            catch (RunnerNotReadyException) when (guest is not null && attempt < Attempts)
            {
                // Another orchestrator may have removed the volume as one of another version.
                guests.Forget();
            }
            catch (LateNetworkRefusedException)
            {
                // Known now, so that the next attempt does without it.
            }
            catch (DockerApiException error) when (network is not null && error.IsNetworkTrouble() && attempt < Attempts)
            {
                bridge.Forget();
            }
            catch (DockerApiException error) when (error.IsPortTaken() && spec.Port is { } port)
            {
                throw new PortTakenException(port, error);
            }
            catch (DockerApiException error) when (error.IsPortTaken() && attempt < Attempts)
            {
                // The engine chose a port that another process took just then.
            }
            catch (DockerApiException error)
            {
                throw error.ToEngineException($"start runner {spec.RunnerId}");
            }
        }
    }

    /// <summary>Returns why a container is not running; null while it runs.</summary>
    public async Task<string?> WhyDeadAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            var container = await InspectAsync(containerId, cancellationToken);
            return container.State is { Running: true } ? null : await DeathAsync(container, cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
            return "Its container was removed before it was ready.";
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"look at container {containerId}");
        }
    }

    // The caller's cancellation does not reach the engine's own work: a call cancelled half-way would leave an unknown
    // container behind. Each call has its limit instead.
    private async Task<RunnerPlacement> StartOnceAsync(RunnerSpec spec, ImageFacts image, string? guest, string? network, bool late, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var containerId = await CreateAsync(spec, image, guest, network, late);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await calls.OnceAsync(
                "start a container", calls.Options.StartTimeout,
                (client, token) => client.Containers.StartContainerAsync(containerId, null, token), CancellationToken.None);
            if (late)
            {
                await JoinAsync(containerId, network!, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var container = await InspectAsync(containerId, cancellationToken);
            if (container.State is not { Running: true })
            {
                throw new RunnerNotReadyException(await DeathAsync(container, cancellationToken));
            }

            if (container.Image != image.Id)
            {
                images.Forget(spec.Template.Image);
            }

            containers.Remember(containerId, container.Config?.Labels);
            lateNetwork.Learn(spec.Template, container);
            return Placement(spec, container)
                ?? throw (late ? lateNetwork.GiveUp("It published no port.") : new EngineException($"The engine published no port for runner {spec.RunnerId}."));
        }
        catch (Exception)
        {
            await DiscardAsync(spec.RunnerId, [containerId]);
            throw;
        }
    }

    private async Task<string> CreateAsync(RunnerSpec spec, ImageFacts image, string? guest, string? network, bool late)
    {
        var hash = ContainerPlan.HashOf(spec.Template, options.Bind);
        var plan = ContainerPlan.Of(spec, options.Instance, hash, image, guest, network, late, options.Bind);
        try
        {
            var created = await calls.OnceAsync(
                "create a container", calls.Options.StartTimeout,
                (client, token) => client.Containers.CreateContainerAsync(plan, token), CancellationToken.None);
            return created.ID;
        }
        catch (DockerApiException error) when (error.IsNotFound() && !error.IsNetworkTrouble())
        {
            images.Forget(spec.Template.Image);
            throw new RunnerImageMissingException(spec.Template.Image, error);
        }
        catch (EngineUnavailableException)
        {
            // Perhaps it was created all the same.
            await DiscardAsync(spec.RunnerId, [plan.Name!]);
            throw;
        }
    }

    private async Task JoinAsync(string containerId, string network, CancellationToken cancellationToken)
    {
        try
        {
            await lateNetwork.JoinAsync(containerId, network);
        }
        catch (DockerApiException error) when (!error.IsNetworkTrouble() && !error.IsPortTaken() && !error.IsStopping())
        {
            throw await WhyDeadAsync(containerId, cancellationToken) is { } death
                ? new RunnerNotReadyException(death, error)
                : lateNetwork.GiveUp(error.Text());
        }
    }

    private async Task DiscardAsync(string runnerId, IEnumerable<string> made)
    {
        using var limit = new CancellationTokenSource(DiscardLimit);
        try
        {
            foreach (var container in made)
            {
                await removal.RemoveAsync(container, limit.Token);
            }
        }
        catch (Exception error) when (error is EngineException or OperationCanceledException)
        {
            NotDiscarded(runnerId, error.Message);
        }
    }

    private Task<ContainerInspectResponse> InspectAsync(string containerId, CancellationToken cancellationToken) => calls.RepeatedAsync(
        "look at a container", (client, token) => client.Containers.InspectContainerAsync(containerId, token), cancellationToken);

    private async Task<string> DeathAsync(ContainerInspectResponse container, CancellationToken cancellationToken)
    {
        var code = container.State?.ExitCode ?? -1;
        var cause = container.State is { OOMKilled: true } ? ", out of memory" : "";
        var words = await logs.LastWordsAsync(container.ID, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"It ended with exit code {code}{cause} before it was ready.{words}");
    }

    // Null for a missing port on a runner with a network.
    private static RunnerPlacement? Placement(RunnerSpec spec, ContainerInspectResponse container)
    {
        var hasNetwork = spec.Network != RunnerNetwork.None;
        var published = container.NetworkSettings?.Ports is { } ports
            && ports.TryGetValue(ContainerPlan.PortKey(spec.Template), out var bindings)
            && bindings is [{ HostPort: var text }, ..]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                ? port
                : (int?)null;
        if (hasNetwork && published is null)
        {
            return null;
        }

        var address = container.NetworkSettings?.Networks?.Values.Select(network => network.IPAddress).FirstOrDefault(a => a is { Length: > 0 });
        return new RunnerPlacement(
            container.ID, spec.Template.Image, GuestVolume.ImageIdOf(container.Image, container.Config?.Labels), hasNetwork ? address : null, hasNetwork ? published : null);
    }

    [LoggerMessage(1342, LogLevel.Warning, "Container of failed runner {Runner} not removed yet: {Reason}")]
    private partial void NotDiscarded(string runner, string reason);
}
