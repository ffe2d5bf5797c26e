using System.Buffers;
using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Engines;

/// <summary>
/// Runs a command through the runner's own supervisor, which enforces the time limit and kills the command with all
/// its children when it times out or its caller is gone. The supervisor runs beside untrusted code as the same user,
/// so its reports are trusted only as far as they are harmless: output and wait are bounded here too.
/// </summary>
internal static class SupervisedCommand
{
    // The supervisor's time past the limit, to kill and to answer.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>Drives a newly started supervisor.</summary>
    /// <returns>How the command ended; null when the supervisor itself ended before it reported.</returns>
    /// <exception cref="EngineException">The supervisor violated its protocol.</exception>
    public static async Task<ExecResult?> RunAsync(
        IExecChannel channel, ExecRequest request, IExecOutput output, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(request.Timeout + Margin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var began = time.GetTimestamp();
        var bounded = new BoundedOutput(output, request.MaxOutputBytes);
        var writing = WriteAsync(channel, request, either.Token);
        try
        {
            await output.BeginAsync(either.Token);
            return await ReadAsync(channel, bounded, either.Token) is { } exit
                ? new ExecResult(
                    exit.TimedOut ? null : exit.ExitCode,
                    TimeSpan.FromMilliseconds(Math.Clamp(exit.DurationMs, 0, (request.Timeout + Margin).TotalMilliseconds)),
                    exit.TimedOut,
                    exit.Truncated || bounded.Truncated)
                : null;
        }
        catch (FrameException error)
        {
            throw new EngineException($"The runner's supervisor violated its protocol: {error.Message}", error);
        }
        catch (Exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new ExecResult(null, time.GetElapsedTime(began), TimedOut: true, bounded.Truncated, StillRunning: true);
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            await either.CancelAsync();
            await writing;
        }
    }

    private static async Task<CommandExit?> ReadAsync(IExecChannel channel, BoundedOutput output, CancellationToken cancellationToken)
    {
        var frames = new FrameReader();
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (await channel.ReadAsync(buffer, cancellationToken) is { Count: > 0 } piece)
            {
                // The supervisor's own standard error is for debugging only.
                if (piece.Stream == OutputStream.Stderr)
                {
                    continue;
                }

                frames.Append(buffer.AsSpan(0, piece.Count));
                while (frames.TryRead(out var frame))
                {
                    switch (frame.Type)
                    {
                        case FrameType.Output:
                            await output.WriteAsync(OutputStream.Stdout, frame.Payload, cancellationToken);
                            break;
                        case FrameType.Error:
                            await output.WriteAsync(OutputStream.Stderr, frame.Payload, cancellationToken);
                            break;
                        case FrameType.Exit:
                            return CommandExit.Parse(frame.Payload.Span);
                        default:
                            throw new FrameException($"A frame of type {frame.Type} from the supervisor.");
                    }
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The channel stays open after the input's end was sent: its end means that the caller is gone.
    private static async Task WriteAsync(IExecChannel channel, ExecRequest request, CancellationToken cancellationToken)
    {
        var frames = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frames, new CommandRequest(
            request.Command,
            request.Environment,
            TimeoutMs: Math.Max(1, (long)request.Timeout.TotalMilliseconds),
            MaxOutputBytes: request.MaxOutputBytes));
        if (request.Stdin is { Length: > 0 } text)
        {
            FrameWriter.Write(frames, FrameType.Input, Encoding.UTF8.GetBytes(text));
        }

        FrameWriter.Write(frames, FrameType.InputEnd);
        try
        {
            await channel.WriteAsync(frames.WrittenMemory, cancellationToken);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // A command that ends without reading its input is no error; the reading side reports its end.
        }
    }
}
