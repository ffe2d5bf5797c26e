using System.Collections.Concurrent;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>Starts what a template runs beside the guest in an image that is not ours: the image's own program, or a command.</summary>
internal sealed partial class StartCommands(DockerCalls calls, DockerImages images, RunnerContainers containers, ILogger<StartCommands> logger)
{
    private readonly ConcurrentDictionary<string, (string ExecId, string RunnerId)> _running = new();

    /// <summary>Starts it in a container that is ready, if its template has one and the guest was brought into its image.</summary>
    /// <exception cref="RunnerGoneException">The container is gone.</exception>
    /// <exception cref="EngineException">The engine refused, or the image has no program of its own.</exception>
    public async Task StartAsync(RunnerSpec spec, string containerId, CancellationToken cancellationToken)
    {
        if (spec.Template.StartCommand is not { } command || containers.Find(containerId) is not { Supervisor: { } guest })
        {
            return;
        }

        var image = await images.GetAsync(spec.Template, cancellationToken);
        if (image.Supervisor is not null)
        {
            return;
        }

        IReadOnlyList<string> program = command == RunnerTemplate.ImageCommand ? image.Program : ["/bin/sh", "-c", command];
        if (program.Count == 0)
        {
            throw new EngineException($"Template {spec.Template.Name} starts the image's own program, but image {spec.Template.Image} has none.");
        }

        var parameters = new ContainerExecCreateParameters
        {
            User = ContainerPlan.UserOf(spec.Template, image) is { Length: > 0 } user ? user : image.IsRoot ? "0:0" : image.User,
            WorkingDir = image.WorkingFolder,
            Cmd = [guest, "start", .. program],
        };
        try
        {
            var exec = await calls.OnceAsync(
                "create an exec", calls.Options.CallTimeout,
                (client, token) => client.Exec.CreateContainerExecAsync(containerId, parameters, token), cancellationToken);
            // Recorded before it runs: its end may be reported before its start is answered.
            _running[containerId] = (exec.ID, spec.RunnerId);
            await calls.OnceAsync(
                "start the start command", calls.Options.CallTimeout,
                (client, token) => CodeAgents.DetachedAsync(client, exec.ID, token), cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsNotRunning())
        {
            throw new RunnerGoneException($"Container {containerId} ended before its start command was started.", error);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"start the start command of runner {spec.RunnerId}");
        }
    }

    /// <summary>Reports a start command that has ended.</summary>
    public void ExecEnded(string containerId, string execId, string exitCode)
    {
        if (_running.TryGetValue(containerId, out var started) && started.ExecId == execId && _running.TryRemove(containerId, out _))
        {
            Ended(started.RunnerId, exitCode);
        }
    }

    /// <summary>Forgets a container that is gone.</summary>
    public void Forget(string containerId) => _running.TryRemove(containerId, out _);

    [LoggerMessage(1334, LogLevel.Warning, "Start command of runner {Runner} ended with exit code {ExitCode}; it is not restarted")]
    private partial void Ended(string runner, string exitCode);
}
