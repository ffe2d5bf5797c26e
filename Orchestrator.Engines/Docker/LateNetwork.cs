using System.Collections.Concurrent;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Starts the container of our own guest before it has a network, and connects it while its program starts, so that a
/// start need not wait for both in turn. Not for foreign programs, which may look for the network as soon as they run;
/// nor where the runtime takes the network over when the container starts.
/// </summary>
internal sealed partial class LateNetwork(DockerCalls calls, ILogger<LateNetwork> logger)
{
    // These leave a container in the kernel's own network namespace, where an interface may turn up at any time.
    private static readonly string[] Runtimes = ["runc", "crun"];

    private readonly ConcurrentDictionary<(string ImageId, string? Runtime, bool Guest), bool> _suited = new();
    private volatile bool _refused;

    /// <summary>
    /// Whether a container of this image may get its network late: an earlier one showed that its program is our guest.
    /// </summary>
    public bool Suits(RunnerTemplate template, string imageId) => !_refused && _suited.GetValueOrDefault((imageId, template.Runtime, template.Guest));

    /// <summary>Learns from a running container how the next ones of its image and runtime behave.</summary>
    public void Learn(RunnerTemplate template, ContainerInspectResponse container) =>
        _suited[(container.Image, template.Runtime, template.Guest)] =
            container is { Config: { Entrypoint: [var program, ..], Labels: { } labels }, HostConfig.Runtime: { } runtime }
            && labels.TryGetValue(DockerLabels.Supervisor, out var supervisor)
            && supervisor == program
            && Runtimes.Contains(runtime);

    /// <summary>Connects a container that was started without a network to this one, its ports published.</summary>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    /// <exception cref="DockerApiException">The engine refused.</exception>
    public async Task JoinAsync(string containerId, string networkId)
    {
        await calls.OnceAsync(
            "take a container off the network of none", calls.Options.StartTimeout,
            (client, token) => client.Networks.DisconnectNetworkAsync(DockerBridge.None, new NetworkDisconnectParameters { Container = containerId }, token),
            CancellationToken.None);
        await calls.OnceAsync(
            "connect a container", calls.Options.StartTimeout,
            (client, token) => client.Networks.ConnectNetworkAsync(networkId, new NetworkConnectParameters { Container = containerId }, token),
            CancellationToken.None);
    }

    /// <summary>Records that this engine can't do it: from now on every container is started on its network.</summary>
    /// <returns>The exception to throw: the start that met it begins again.</returns>
    public LateNetworkRefusedException GiveUp(string reason)
    {
        if (!_refused)
        {
            _refused = true;
            GaveUp(reason);
        }

        return new LateNetworkRefusedException(reason);
    }

    [LoggerMessage(1343, LogLevel.Warning, "Engine does not connect running containers; they are started on their network, which takes longer: {Reason}")]
    private partial void GaveUp(string reason);
}

/// <summary>The engine did not give a running container its network.</summary>
internal sealed class LateNetworkRefusedException(string message) : EngineException(message);
