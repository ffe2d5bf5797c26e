using System.Buffers;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Runs commands in containers without a guest, where only the container's removal kills them.</summary>
internal sealed partial class DockerExec(DockerCalls calls, DockerExecs execs, TimeProvider time, ILogger<DockerExec> logger)
{
    // The engine ends an exec's stream a moment before it knows the exit code.
    private static readonly TimeSpan ExitCodePause = TimeSpan.FromMilliseconds(10);
    private const int ExitCodeLooks = 200;

    private const int Killed = 137;
    private static readonly TimeSpan DeathPause = TimeSpan.FromMilliseconds(100);
    private const int DeathLooks = 6;

    /// <summary>Runs a command.</summary>
    /// <exception cref="RunnerGoneException">The container is not running.</exception>
    /// <exception cref="RunnerPausedException">The container is paused; the command was not begun.</exception>
    /// <exception cref="EngineException">The engine failed.</exception>
    public async Task<ExecResult> RunAsync(
        string containerId, string? user, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        try
        {
            var result = await RunPlainAsync(containerId, user, request, output, cancellationToken);
            Ran(containerId, result.ExitCode, result.TimedOut, result.Duration.TotalMilliseconds);
            return result;
        }
        catch (DockerApiException error)
        {
            throw DockerExecs.Refusal(error);
        }
    }

    private async Task<ExecResult> RunPlainAsync(
        string containerId, string? user, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        var parameters = new ContainerExecCreateParameters
        {
            User = user ?? "",
            Cmd = [.. request.Command],
            Env = [.. request.Environment.Select(v => $"{v.Key}={v.Value}")],
            WorkingDir = request.WorkingDirectory ?? "",
            AttachStdin = request.Stdin is not null,
            AttachStdout = true,
            AttachStderr = true,
        };
        using var deadline = new CancellationTokenSource(request.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var began = time.GetTimestamp();
        var bounded = new BoundedOutput(output, request.MaxOutputBytes);
        var failure = new StartFailure();
        var (execId, channel) = await execs.StartAsync(containerId, parameters, cancellationToken);
        using (channel)
        {
            var writing = WriteAsync(channel, request.Stdin, either.Token);
            try
            {
                await output.BeginAsync(either.Token);
                await ReadAsync(channel, bounded, failure, either.Token);
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
        var code = await ExitCodeAsync(containerId, execId, cancellationToken);
        var error = await failure.ExplainAsync(code, bounded, cancellationToken);
        return new ExecResult(error is null ? code : StartFailure.CodeOf(error), elapsed, TimedOut: false, bounded.Truncated) { Error = error };
    }

    private static async Task ReadAsync(DockerExecChannel channel, BoundedOutput output, StartFailure failure, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (await channel.ReadAsync(buffer, cancellationToken) is { Count: > 0 } piece)
            {
                if (!failure.Holds(piece.Stream, buffer.AsSpan(0, piece.Count)))
                {
                    await output.WriteAsync(piece.Stream, buffer.AsMemory(0, piece.Count), cancellationToken);
                }
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

    private async Task<int> ExitCodeAsync(string containerId, string execId, CancellationToken cancellationToken)
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

        throw new EngineException("The engine ended a command's output, but does not report how the command ended.");
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
}
