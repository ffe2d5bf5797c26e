using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Starts programs beside a container's own.</summary>
internal sealed class DockerExecs(DockerCalls calls)
{
    /// <summary>Starts a program and opens its streams.</summary>
    /// <exception cref="DockerApiException">The engine refused.</exception>
    /// <exception cref="EngineUnavailableException">The engine is unreachable.</exception>
    public async Task<(string ExecId, DockerExecChannel Channel)> StartAsync(
        string containerId, ContainerExecCreateParameters parameters, CancellationToken cancellationToken)
    {
        var exec = await calls.OnceAsync(
            "create an exec", calls.Options.CallTimeout,
            (client, token) => client.Exec.CreateContainerExecAsync(containerId, parameters, token), cancellationToken);
        var stream = await calls.OnceAsync(
            "start an exec", calls.Options.CallTimeout,
            (client, token) => client.Exec.StartContainerExecAsync(exec.ID, new ContainerExecStartParameters(), token), cancellationToken);
        return (exec.ID, new DockerExecChannel(stream));
    }

    /// <summary>The engine's refusal of an exec as ours.</summary>
    public static EngineException Refusal(DockerApiException error) => error switch
    {
        _ when error.IsPaused() => new RunnerPausedException($"The runner is paused: {error.Text()}", error),
        _ when error.IsNotFound() || error.IsNotRunning() => new RunnerGoneException($"The runner is not running: {error.Text()}", error),
        _ => error.ToEngineException("run a command"),
    };
}
