using System.Collections.Concurrent;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Keeps the agent of our image running: the program that runs <c>POST /run</c>'s code as the code user. It is started
/// by an exec because the container has no capability to change users by itself. All work is in the background.
/// </summary>
internal sealed partial class CodeAgents(DockerCalls calls, RunnerContainers containers, TimeProvider time, ILogger<CodeAgents> logger) : IDisposable
{
    private const string Command = "agent";
    private const int StartsPerMinute = 5;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, Agent> _agents = new();
    private readonly SemaphoreSlim _gate = new(4);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts the agent of a newly started container, if its image is ours.</summary>
    public void Start(string containerId) => Begin(containerId, mayRunAlready: false);

    /// <summary>Ensures, once, that a container found running has its agent.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="young">Whether another call may be about to start its agent.</param>
    public void Ensure(string containerId, bool young)
    {
        if (!_agents.TryGetValue(containerId, out var agent))
        {
            if (!young)
            {
                Begin(containerId, mayRunAlready: true);
            }
        }
        else if (agent.InDoubt && agent.Working.IsCompleted)
        {
            agent.InDoubt = false;
            agent.Working = RunAsync(containerId, agent, mayRunAlready: true, TimeSpan.Zero);
        }
    }

    /// <summary>Forgets a container that is gone.</summary>
    public void Forget(string containerId) => _agents.TryRemove(containerId, out _);

    /// <summary>Events may have been lost: checks every agent again when its container is listed next.</summary>
    public void LookAgain()
    {
        foreach (var agent in _agents.Values)
        {
            agent.InDoubt = true;
        }
    }

    /// <summary>Restarts an agent whose exec has ended.</summary>
    public void ExecEnded(string containerId, string execId)
    {
        if (!_agents.TryGetValue(containerId, out var agent) || agent.ExecId != execId)
        {
            return;
        }

        agent.ExecId = null;
        if (agent.MayStartAgain(time, StartsPerMinute, Minute))
        {
            Ended(containerId);
            agent.Working = RunAsync(containerId, agent, mayRunAlready: true, Pause);
        }
        else
        {
            // The next listing retries.
            GaveUp(containerId, StartsPerMinute);
            Forget(containerId);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _gate.Dispose();
    }

    private void Begin(string containerId, bool mayRunAlready)
    {
        if (containers.Find(containerId) is not { Supervisor: not null })
        {
            return;
        }

        var agent = new Agent();
        if (_agents.TryAdd(containerId, agent))
        {
            agent.Working = RunAsync(containerId, agent, mayRunAlready, TimeSpan.Zero);
        }
    }

    private async Task RunAsync(string containerId, Agent agent, bool mayRunAlready, TimeSpan pause)
    {
        var stopping = _stop.Token;
        try
        {
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await _gate.WaitAsync(stopping);
            try
            {
                if (containers.Find(containerId) is not { Supervisor: { } supervisor } facts)
                {
                    return;
                }

                agent.ExecId = mayRunAlready ? await FindAsync(containerId, supervisor, stopping) : null;
                if (agent.ExecId is null)
                {
                    await StartAsync(containerId, supervisor, facts.User, agent, stopping);
                    Started(containerId);
                }
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsNotRunning())
        {
            Forget(containerId);
        }
        catch (Exception error) when (error is EngineException or DockerApiException)
        {
            // Otherwise its container is being removed, which no agent survives.
            if (_agents.TryRemove(containerId, out _))
            {
                Failed(containerId, error.Message);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The orchestrator stops.
        }
    }

    private async Task<string?> FindAsync(string containerId, string supervisor, CancellationToken cancellationToken)
    {
        var container = await calls.RepeatedAsync(
            "look at a container", (client, token) => client.Containers.InspectContainerAsync(containerId, token), cancellationToken);
        foreach (var id in container.ExecIDs ?? [])
        {
            var exec = await calls.RepeatedAsync(
                "look at an exec", (client, token) => client.Exec.InspectContainerExecAsync(id, token), cancellationToken);
            if (exec is { Running: true, ProcessConfig: { Entrypoint: var program, Arguments: [Command] } } && program == supervisor)
            {
                return id;
            }
        }

        return null;
    }

    private async Task StartAsync(string containerId, string supervisor, string? user, Agent agent, CancellationToken cancellationToken)
    {
        var parameters = new ContainerExecCreateParameters { User = user ?? "", Cmd = [supervisor, Command] };
        var exec = await calls.OnceAsync(
            "create an exec", calls.Options.CallTimeout,
            (client, token) => client.Exec.CreateContainerExecAsync(containerId, parameters, token), cancellationToken);
        // Recorded before it runs: its end may be reported before its start is answered.
        agent.ExecId = exec.ID;
        await calls.OnceAsync("start the agent", calls.Options.CallTimeout, (client, token) => DetachedAsync(client, exec.ID, token), cancellationToken);
    }

    // A detached start answers without a stream; Docker.DotNet starts it, then fails for lack of a stream to hand out.
    internal static async Task DetachedAsync(IDockerClient client, string execId, CancellationToken cancellationToken)
    {
        try
        {
            using var none = await client.Exec.StartContainerExecAsync(execId, new ContainerExecStartParameters { Detach = true }, cancellationToken);
        }
        catch (InvalidOperationException)
        {
            var exec = await client.Exec.InspectContainerExecAsync(execId, cancellationToken);
            if (!exec.Running && exec.ExitCode is null)
            {
                throw;
            }
        }
    }

    private sealed class Agent
    {
        private readonly Queue<long> _starts = [];

        public string? ExecId { get; set; }

        public Task Working { get; set; } = Task.CompletedTask;

        public bool InDoubt { get; set; }

        public bool MayStartAgain(TimeProvider time, int limit, TimeSpan within)
        {
            lock (_starts)
            {
                while (_starts.TryPeek(out var at) && time.GetElapsedTime(at) > within)
                {
                    _starts.Dequeue();
                }

                if (_starts.Count >= limit)
                {
                    return false;
                }

                _starts.Enqueue(time.GetTimestamp());
                return true;
            }
        }
    }

    [LoggerMessage(1330, LogLevel.Debug, "Started the code agent of container {ContainerId}")]
    private partial void Started(string containerId);

    [LoggerMessage(1331, LogLevel.Warning, "Code agent of container {ContainerId} ended; restarting it")]
    private partial void Ended(string containerId);

    [LoggerMessage(1332, LogLevel.Error, "Code agent of container {ContainerId} ended {Starts} times within a minute")]
    private partial void GaveUp(string containerId, int starts);

    [LoggerMessage(1333, LogLevel.Warning, "Code agent of container {ContainerId} not started: {Reason}")]
    private partial void Failed(string containerId, string reason);
}
