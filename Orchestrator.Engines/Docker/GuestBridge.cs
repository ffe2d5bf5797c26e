using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Reaches the guest of a container without a network: an exec of the guest's own program, as its server's user, joins its
/// standard streams and the guest's port.
/// </summary>
/// <param name="execs">Starts it.</param>
/// <param name="program">The program's path in the container.</param>
internal sealed class GuestBridge(DockerExecs execs, string program) : IGuestConnector
{
    private const string Command = "bridge";

    public async ValueTask<Stream> ConnectAsync(RunnerPlacement placement, CancellationToken cancellationToken)
    {
        var parameters = new ContainerExecCreateParameters
        {
            Cmd = [program, Command],
            AttachStdin = true,
            AttachStdout = true,
            AttachStderr = true,
        };
        try
        {
            var (_, channel) = await execs.StartAsync(placement.Handle, parameters, cancellationToken);
            return new DockerExecStream(channel);
        }
        catch (DockerApiException error)
        {
            throw DockerExecs.Refusal(error);
        }
    }
}

/// <summary>An exec's standard input and output as one stream; its standard error is for debugging only.</summary>
internal sealed class DockerExecStream(DockerExecChannel channel) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                var (stream, count) = await channel.ReadAsync(buffer, cancellationToken);
                if (count == 0 || stream == OutputStream.Stdout)
                {
                    return count;
                }
            }
        }
        catch (EngineUnavailableException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => channel.WriteAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            channel.Dispose();
        }

        base.Dispose(disposing);
    }
}
