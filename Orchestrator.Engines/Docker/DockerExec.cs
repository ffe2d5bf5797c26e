using System.Buffers;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Runs commands in containers: through the supervisor in ours, which can kill them, and plainly in foreign ones, where
/// only the container's removal kills them.
/// </summary>
internal sealed partial class DockerExec(DockerCalls calls, TimeProvider time, ILogger<DockerExec> logger)
{
    // The engine ends an exec's stream a moment before it knows the exit code.
    private static readonly TimeSpan ExitCodePause = TimeSpan.FromMilliseconds(10);
    private const int ExitCodeLooks = 200;

    private const int Killed = 137;

    // The supervisor's exit code when its input ended first; the command is dead by then.
    private const int CallerGone = 1;
    private const int ClearAttempts = 3;
    private static readonly TimeSpan ClearLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DeathPause = TimeSpan.FromMilliseconds(100);
    private const int DeathLooks = 6;

    /// <summary>Runs a command.</summary>
    /// <exception cref="RunnerGoneException">The container is not running.</exception>
    /// <exception cref="RunnerPausedException">The container is paused; the command was not begun.</exception>
    /// <exception cref="EngineException">The engine or the supervisor failed.</exception>
    public async Task<ExecResult> RunAsync(
        string containerId, CommandFacts facts, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        try
        {
            var result = facts.Supervisor is { } supervisor
                ? await SupervisedAsync(containerId, supervisor, facts.User, request, output, cancellationToken)
                : await PlainAsync(containerId, request, output, cancellationToken);
            Ran(containerId, result.ExitCode, result.TimedOut, result.Duration.TotalMilliseconds);
            return result;
        }
        catch (DockerApiException error) when (error.IsPaused())
        {
            throw new RunnerPausedException($"The runner is paused: {error.Text()}", error);
        }
        catch (DockerApiException error) when (error.IsNotFound() || error.IsNotRunning())
        {
            throw new RunnerGoneException($"The runner is not running: {error.Text()}", error);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException("run a command");
        }
    }

    private async Task<ExecResult> SupervisedAsync(
        string containerId, string supervisor, string? user, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        var parameters = new ContainerExecCreateParameters
        {
            User = user ?? "",
            Cmd = [supervisor, "supervise"],
            AttachStdin = true,
            AttachStdout = true,
            AttachStderr = true,
        };
        var began = time.GetTimestamp();
        var (execId, channel) = await StartAsync(containerId, parameters, cancellationToken);
        ExecResult? result;
        await using (channel)
        {
            result = await SupervisedCommand.RunAsync(channel, request, output, time, cancellationToken);
        }

        if (result is not null)
        {
            return result;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var code = await ExitCodeAsync(containerId, execId, supervised: true, cancellationToken);
        if (code == CallerGone)
        {
            throw new EngineUnavailableException("The engine aborted the command's streams; the command was killed.");
        }

        SupervisorLost(containerId, code);
        var cleared = await ClearAsync(containerId, supervisor, user, cancellationToken);
        // Any other end than by a signal from inside: perhaps there was no process id left for it to start with.
        if (code != Killed)
        {
            throw new EngineException($"The runner's supervisor ended with code {code} before it reported the command's end.");
        }

        return new ExecResult(cleared ? code : null, time.GetElapsedTime(began), TimedOut: false, Truncated: false, StillRunning: !cleared);
    }

    // Code can kill its supervisor, being the same user, and would then outlive its time limit and its caller.
    private async Task<bool> ClearAsync(string containerId, string supervisor, string? user, CancellationToken cancellationToken)
    {
        var request = new ExecRequest([supervisor, "clear"], null, new Dictionary<string, string>(), ClearLimit);
        for (var attempt = 0; attempt < ClearAttempts; attempt++)
        {
            try
            {
                if (await PlainAsync(containerId, request, new LastWords(), cancellationToken, user) is { ExitCode: 0 })
                {
                    return true;
                }
            }
            catch (DockerApiException error) when (!error.IsNotFound() && !error.IsNotRunning())
            {
                // It could not be started: the container's process limit is reached.
            }
        }

        return false;
    }

    private async Task<ExecResult> PlainAsync(
        string containerId, ExecRequest request, IExecOutput output, CancellationToken cancellationToken, string? user = null)
    {
        var parameters = new ContainerExecCreateParameters
        {
            User = user ?? "",
            Cmd = [.. request.Command],
            Env = [.. request.Environment.Select(v => $"{v.Key}={v.Value}")],
            AttachStdin = request.Stdin is not null,
            AttachStdout = true,
            AttachStderr = true,
        };
        using var deadline = new CancellationTokenSource(request.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var began = time.GetTimestamp();
        var bounded = new BoundedOutput(output, request.MaxOutputBytes);
        var (execId, channel) = await StartAsync(containerId, parameters, cancellationToken);
        await using (channel)
        {
            var writing = WriteAsync(channel, request.Stdin, either.Token);
            try
            {
                await output.BeginAsync(either.Token);
                await ReadAsync(channel, bounded, either.Token);
            }
            catch (Exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return new ExecResult(null, time.GetElapsedTime(began), TimedOut: true, bounded.Truncated, StillRunning: true);
            }
            finally
            {
                await either.CancelAsync();
                await writing;
            }
        }

        var elapsed = time.GetElapsedTime(began);
        return new ExecResult(await ExitCodeAsync(containerId, execId, supervised: false, cancellationToken), elapsed, TimedOut: false, bounded.Truncated);
    }

    private async Task<(string ExecId, DockerExecChannel Channel)> StartAsync(
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

    private static async Task ReadAsync(DockerExecChannel channel, BoundedOutput output, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (await channel.ReadAsync(buffer, cancellationToken) is { Count: > 0 } piece)
            {
                await output.WriteAsync(piece.Stream, buffer.AsMemory(0, piece.Count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task WriteAsync(DockerExecChannel channel, string? stdin, CancellationToken cancellationToken)
    {
        if (stdin is null)
        {
            return;
        }

        try
        {
            await channel.WriteAsync(Encoding.UTF8.GetBytes(stdin), cancellationToken);
            channel.CloseInput();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            // A command that ends without reading its input is no error.
        }
    }

    private async Task<int> ExitCodeAsync(string containerId, string execId, bool supervised, CancellationToken cancellationToken)
    {
        for (var look = 0; look < ExitCodeLooks; look++)
        {
            var exec = await calls.RepeatedAsync(
                "look at an exec", (client, token) => client.Exec.InspectContainerExecAsync(execId, token), cancellationToken);
            if (exec is { Running: false, ExitCode: { } code })
            {
                await MustRunAsync(containerId, code, cancellationToken);
                return (int)code;
            }

            await Task.Delay(ExitCodePause, time, cancellationToken);
        }

        // A supervisor keeps its output open to its end; so the engine, or the way to it, failed.
        throw supervised
            ? new EngineUnavailableException("The engine aborted the command's output.")
            : new EngineException("The engine ended a command's output, but does not report how the command ended.");
    }

    // A killed command may have died with its container, whose end the engine records a moment later.
    private async Task MustRunAsync(string containerId, long exitCode, CancellationToken cancellationToken)
    {
        for (var look = 0; look < (exitCode == Killed ? DeathLooks : 1); look++)
        {
            if (look > 0)
            {
                await Task.Delay(DeathPause, time, cancellationToken);
            }

            var container = await calls.RepeatedAsync(
                "look at a container", (client, token) => client.Containers.InspectContainerAsync(containerId, token), cancellationToken);
            if (container.State is not { Running: true })
            {
                throw new RunnerGoneException("The runner ended while the command ran.");
            }
        }
    }

    [LoggerMessage(1320, LogLevel.Information, "Command in container {ContainerId} ended with {ExitCode} (time-out: {TimedOut}) after {Milliseconds:F0} ms")]
    private partial void Ran(string containerId, int? exitCode, bool timedOut, double milliseconds);

    [LoggerMessage(1321, LogLevel.Warning, "Supervisor of a command in container {ContainerId} ended with {ExitCode} before the command; killing the rest")]
    private partial void SupervisorLost(string containerId, int exitCode);
}
