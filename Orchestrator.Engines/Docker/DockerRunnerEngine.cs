using System.Diagnostics;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Guests;
using Orchestrator.Engines.Probes;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Runners as containers of a Docker engine, with as few calls as possible and a time limit on each.
/// A runner's handle is its container's id.
/// </summary>
internal sealed partial class DockerRunnerEngine(
    DockerCalls calls,
    DockerStart start,
    DockerRemoval removal,
    DockerImages images,
    GuestVolume guests,
    DockerExec exec,
    DockerExecs execs,
    AddressConnector addresses,
    DockerLogs logs,
    DockerEvents events,
    DockerObstacles obstacles,
    CodeAgents agents,
    StartCommands startCommands,
    RunnerContainers containers,
    RunnerProbes probes,
    PublishedPorts ports,
    LocalhostRelay relay,
    RunnersOptions options,
    TimeProvider time,
    ILogger<DockerRunnerEngine> logger) : IRunnerEngine
{
    // The starter of a container starts its agent too, as soon as it is ready; a listing covers older ones.
    private static readonly TimeSpan AgentStartedByNow = TimeSpan.FromMinutes(1);

    private readonly ContainerTurns _turns = new();

    /// <inheritdoc />
    public string Kind => "docker";

    /// <inheritdoc />
    public EngineCapabilities Capabilities { get; } = new()
    {
        Isolated = true,
        NetworkNone = true,
        LimitsEnforced = true,
        Images = true,
        FixedPorts = true,
    };

    /// <inheritdoc />
    public string Instance => options.Instance;

    /// <inheritdoc />
    public string PlanOf(RunnerTemplate template) => ContainerPlan.HashOf(template, options.Bind);

    /// <inheritdoc />
    public async Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken)
    {
        using var activity = Begin("engine.start", spec.RunnerId);
        var began = time.GetTimestamp();
        try
        {
            var placement = await start.StartAsync(spec, cancellationToken);
            Started(spec.RunnerId, placement.Handle, placement.Port, time.GetElapsedTime(began).TotalMilliseconds);
            return placement;
        }
        catch (Exception error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    /// <inheritdoc />
    public RunnerAddress? AddressOf(RunnerPlacement placement)
    {
        if (placement.Port is not { } port)
        {
            return null;
        }

        relay.Open(port);
        return ports.AddressOf(port);
    }

    /// <inheritdoc />
    public async Task WaitUntilReadyAsync(RunnerSpec spec, RunnerPlacement placement, CancellationToken cancellationToken)
    {
        try
        {
            await probes.UntilReadyAsync(spec, placement, BridgeTo(placement), token => start.WhyDeadAsync(placement.Handle, token), cancellationToken);
        }
        catch (RunnerNotReadyException)
        {
            // Its guest may be missing from the volume.
            guests.Forget();
            throw;
        }

        agents.Start(placement.Handle);
        await startCommands.StartAsync(spec, placement.Handle, cancellationToken);
    }

    /// <inheritdoc />
    public async Task AskToEndAsync(Runner removing, CancellationToken cancellationToken)
    {
        if (removing is not { Placement: { Handle: var id } placement, Token: { } token } || containers.Find(id) is not { Supervisor: not null })
        {
            return;
        }

        // Its end takes the agent along, which must not be restarted.
        agents.Forget(id);
        if (await probes.AskToEndAsync(placement, token, cancellationToken))
        {
            await removal.UntilDeadAsync(id, cancellationToken);
        }
    }

    /// <inheritdoc />
    public async Task RemoveAsync(string runnerId, string? handle, CancellationToken cancellationToken)
    {
        using var activity = Begin("engine.remove", runnerId);
        var began = time.GetTimestamp();
        var ids = handle is null
            ? (await QueryAsync(cancellationToken, (DockerLabels.Runner, runnerId))).Select(container => container.ID)
            : [handle];
        foreach (var id in ids)
        {
            // Before, so that the agent about to be killed is not restarted; and after, since a listing may have come in between.
            Forget(id);
            using (await _turns.TakeAsync(id, cancellationToken))
            {
                await removal.RemoveAsync(id, cancellationToken);
            }

            Forget(id);
            Removed(runnerId, id, time.GetElapsedTime(began).TotalMilliseconds);
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<ObservedRunner>> ListAsync(CancellationToken cancellationToken)
    {
        var knownBefore = containers.Ids;
        var listed = await QueryAsync(cancellationToken);
        var ids = new HashSet<string>(listed.Count);
        var runners = new List<ObservedRunner>(listed.Count);
        foreach (var container in listed)
        {
            ids.Add(container.ID);
            if (ObservedContainers.Read(container) is { } runner)
            {
                runners.Add(runner);
                LookAfter(container, runner);
            }
        }

        foreach (var gone in knownBefore.Where(id => !ids.Contains(id)))
        {
            Forget(gone);
        }

        relay.Keep(runners.Select(runner => runner.Placement.Port).OfType<int>());
        await guests.SweepAsync(cancellationToken);
        return runners;
    }

    /// <inheritdoc />
    public async Task<ObservedRunner?> FindAsync(string runnerId, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(cancellationToken, (DockerLabels.Runner, runnerId));
        return found.Select(ObservedContainers.Read).OfType<ObservedRunner>().OrderByDescending(runner => runner.Running).FirstOrDefault();
    }

    /// <inheritdoc />
    public async Task TellOwnerAsync(string runnerId, string handle, Owner? owner, CancellationToken cancellationToken)
    {
        var name = DockerNames.Of(runnerId, owner);
        using var turn = await _turns.TakeAsync(handle, cancellationToken);
        try
        {
            await calls.RepeatedAsync(
                "rename a container",
                (client, token) => client.Containers.RenameContainerAsync(handle, new ContainerRenameParameters { NewName = name }, token),
                cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsSameName())
        {
            // Gone, or named so already.
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"rename container {handle}");
        }
    }

    /// <inheritdoc />
    public IAsyncEnumerable<RunnerEvent> WatchAsync(CancellationToken cancellationToken) => events.ReadAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask<IGuestConnector?> FindGuestAsync(RunnerPlacement placement, CancellationToken cancellationToken) =>
        (await FactsAsync(placement.Handle, cancellationToken)).Supervisor is null ? null : BridgeTo(placement) ?? (IGuestConnector)addresses;

    /// <inheritdoc />
    public async Task<ExecResult> ExecAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        using var activity = Begin("engine.exec", null);
        activity?.SetTag("container.id", handle);
        try
        {
            var user = (await FactsAsync(handle, cancellationToken)).User;
            return await exec.RunAsync(handle, user, request, output, cancellationToken);
        }
        catch (Exception error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    /// <inheritdoc />
    public Task CopyLogsAsync(string handle, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken) =>
        logs.CopyAsync(handle, follow, tail, output, cancellationToken);

    /// <inheritdoc />
    public async Task<TimeSpan?> GetIdleTimeAsync(Runner runner, CancellationToken cancellationToken)
    {
        if (runner is not { Placement: { Handle: var handle } placement })
        {
            return null;
        }

        try
        {
            return (await FactsAsync(handle, cancellationToken)).Supervisor is null
                ? null
                : await probes.GetIdleTimeAsync(placement, BridgeTo(placement), cancellationToken);
        }
        catch (EngineException)
        {
            return null;
        }
    }

    /// <inheritdoc />
    public async Task<string?> GetImageIdAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
        await images.LookUpAsync(template.Image, cancellationToken) is { } image
            ? await guests.GetImageIdAsync(template, image, cancellationToken)
            : null;

    /// <inheritdoc />
    public async Task ThawAsync(string handle, CancellationToken cancellationToken)
    {
        try
        {
            await calls.RepeatedAsync(
                "thaw a container", (client, token) => client.Containers.UnpauseContainerAsync(handle, token), cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsNotPaused())
        {
            // Gone, or running.
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"thaw container {handle}");
        }
    }

    /// <inheritdoc />
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await calls.RepeatedAsync("ping", (client, token) => client.System.PingAsync(token), cancellationToken);
        }
        catch (DockerApiException error)
        {
            throw new EngineUnavailableException($"The engine does not answer a ping: {error.Text()}", error);
        }
    }

    /// <inheritdoc />
    public Task<StartObstacle?> FindObstacleAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
        obstacles.FindAsync(template, cancellationToken);

    private void Forget(string containerId)
    {
        containers.Forget(containerId);
        agents.Forget(containerId);
        startCommands.Forget(containerId);
    }

    private void LookAfter(ContainerListResponse container, ObservedRunner runner)
    {
        if (containers.Remember(container.ID, container.Labels).Supervisor is not null && runner.Running)
        {
            agents.Ensure(container.ID, young: time.GetUtcNow() - runner.CreatedAt < AgentStartedByNow);
        }
    }

    private async Task<IList<ContainerListResponse>> QueryAsync(CancellationToken cancellationToken, params (string Label, string Value)[] labels)
    {
        var parameters = new ContainersListParameters
        {
            All = true,
            Filters = DockerLabels.Filter([(DockerLabels.Instance, Instance), .. labels]),
        };
        try
        {
            return await calls.RepeatedAsync(
                "list containers", (client, token) => client.Containers.ListContainersAsync(parameters, token), cancellationToken);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException("list containers");
        }
    }

    // The way to a guest without a network; null with one, and for an image without a guest.
    private GuestBridge? BridgeTo(RunnerPlacement placement) =>
        placement.Port is null && containers.Find(placement.Handle) is { Supervisor: { } program } ? new GuestBridge(execs, program) : null;

    private async Task<CommandFacts> FactsAsync(string containerId, CancellationToken cancellationToken)
    {
        if (containers.Find(containerId) is { } known)
        {
            return known;
        }

        try
        {
            var container = await calls.RepeatedAsync(
                "look at a container", (client, token) => client.Containers.InspectContainerAsync(containerId, token), cancellationToken);
            return containers.Remember(container.ID, container.Config?.Labels);
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
            throw new RunnerGoneException($"There is no container {containerId}.", error);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"look at container {containerId}");
        }
    }

    private static Activity? Begin(string name, string? runnerId)
    {
        var activity = OrchestratorTelemetry.Source.StartActivity(name);
        activity?.SetTag("runner", runnerId);
        return activity;
    }

    [LoggerMessage(1340, LogLevel.Information, "Created and started container {ContainerId} of runner {Runner} on host port {HostPort} in {Milliseconds:F0} ms")]
    private partial void Started(string runner, string containerId, int? hostPort, double milliseconds);

    [LoggerMessage(1341, LogLevel.Information, "Removed container {ContainerId} of runner {Runner} in {Milliseconds:F0} ms")]
    private partial void Removed(string runner, string containerId, double milliseconds);
}
