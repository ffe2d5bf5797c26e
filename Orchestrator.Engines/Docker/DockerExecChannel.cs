using System.Runtime.InteropServices;
using Docker.DotNet;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>The streams of an exec, as the engine multiplexes them. Disposing leaves its program running.</summary>
internal sealed class DockerExecChannel(MultiplexedStream stream) : IDisposable
{
    /// <summary>Writes to its standard input.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var bytes = MemoryMarshal.TryGetArray(data, out var whole) && whole.Array is not null ? whole : new ArraySegment<byte>(data.ToArray());
        await stream.WriteAsync(bytes.Array!, bytes.Offset, bytes.Count, cancellationToken);
    }

    /// <summary>Ends its standard input.</summary>
    public void CloseInput() => stream.CloseWrite();

    /// <summary>Reads the next piece of its output.</summary>
    /// <returns>How much of <paramref name="buffer"/> was filled, and from which stream; 0 bytes at the end.</returns>
    /// <exception cref="EngineUnavailableException">The engine, or the way to it, failed.</exception>
    public async ValueTask<(OutputStream Stream, int Count)> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!MemoryMarshal.TryGetArray<byte>(buffer, out var target) || target.Array is null)
        {
            throw new ArgumentException("The buffer has to be an array.", nameof(buffer));
        }

        MultiplexedStream.ReadResult read;
        try
        {
            read = await stream.ReadOutputAsync(target.Array, target.Offset, target.Count, cancellationToken);
        }
        catch (IOException error) when (!cancellationToken.IsCancellationRequested)
        {
            // A command's end closes the stream in order: so the engine, or the way to it, failed.
            throw new EngineUnavailableException($"The engine aborted the command's output: {error.Message}", error);
        }

        return (read.Target == MultiplexedStream.TargetStream.StandardError ? OutputStream.Stderr : OutputStream.Stdout, read.Count);
    }

    public void Dispose() => stream.Dispose();
}
