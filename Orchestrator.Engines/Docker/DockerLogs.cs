using System.Buffers;
using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Reads containers' logs.</summary>
internal sealed class DockerLogs(DockerCalls calls)
{
    /// <summary>Copies a log, oldest first.</summary>
    /// <exception cref="RunnerGoneException">There is no such container.</exception>
    public async Task CopyAsync(string containerId, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken)
    {
        var parameters = new ContainerLogsParameters
        {
            ShowStdout = true,
            ShowStderr = true,
            Follow = follow,
            Tail = tail?.ToString(CultureInfo.InvariantCulture) ?? "all",
        };
        try
        {
            var stream = await calls.OnceAsync(
                "read a log", calls.Options.CallTimeout,
                (client, token) => client.Containers.GetContainerLogsAsync(containerId, parameters, token), cancellationToken);
            using var channel = new DockerExecChannel(stream);
            await output.BeginAsync(cancellationToken);
            await calls.StreamAsync("read a log", (_, token) => CopyAsync(channel, output, token), cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
            throw new RunnerGoneException($"There is no container {containerId}.", error);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException("read a log");
        }
    }

    /// <summary>A container's last output, for a message; empty when there is none.</summary>
    public async Task<string> LastWordsAsync(string containerId, CancellationToken cancellationToken)
    {
        var text = new LastWords();
        try
        {
            await CopyAsync(containerId, follow: false, LastWords.Lines, text, cancellationToken);
        }
        catch (EngineException)
        {
            // The message does without it.
        }

        return text.ToString();
    }

    private static async Task CopyAsync(DockerExecChannel channel, IExecOutput output, CancellationToken cancellationToken)
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
}
