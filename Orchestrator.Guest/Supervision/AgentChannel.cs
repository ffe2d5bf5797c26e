using System.Buffers;
using System.Diagnostics;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>The agent's end of a conversation in frames: blocking, on the one thread that has the operation.</summary>
/// <param name="input">Frames from the server; its end means that the server is gone.</param>
/// <param name="output">Frames to the server; made non-blocking. May be the same socket.</param>
internal sealed class AgentChannel(int input, int output)
{
    private const int ChunkSize = 64 * 1024;

    private readonly FrameReader _frames = new();
    private readonly ByteQueue _queue = new();
    private readonly byte[] _chunk = new byte[ChunkSize];

    public int Input => input;

    public int Output => output;

    /// <summary>What was received, for an operation that reads the descriptor itself.</summary>
    public FrameReader Frames => _frames;

    /// <summary>Whether the other side is gone: nothing arrives there any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Bytes of frames that wait to be sent.</summary>
    public int Waiting => _queue.Length;

    /// <summary>Waits for the next frame, sending what waits meanwhile.</summary>
    /// <returns>Null when the other side is gone, or nothing came in time.</returns>
    /// <exception cref="FrameException">Not a frame.</exception>
    public Frame? Read(TimeSpan? limit = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TryRead(out var frame))
            {
                return frame;
            }

            var left = limit is { } bound ? bound - Stopwatch.GetElapsedTime(began) : TimeSpan.FromSeconds(10);
            if (IsGone || left <= TimeSpan.Zero)
            {
                return null;
            }

            Span<Posix.PollFd> fds = [ReadInterest(), WriteInterest()];
            if (Posix.Poll(fds, (int)Math.Ceiling(left.TotalMilliseconds)) > 0)
            {
                Receive(fds[0].Returned);
                Send();
            }
        }
    }

    /// <summary>Takes the next frame of what was received; its payload is valid until the next <see cref="Receive"/>.</summary>
    public bool TryRead(out Frame frame) => _frames.TryRead(out frame);

    /// <summary>What to poll for to receive.</summary>
    public Posix.PollFd ReadInterest() => new() { Fd = IsGone ? -1 : input, Events = Posix.POLLIN | Posix.POLLRDHUP };

    /// <summary>What to poll for to send; nothing when there is nothing to send.</summary>
    public Posix.PollFd WriteInterest() => new() { Fd = !IsGone && _queue.Length > 0 ? output : -1, Events = Posix.POLLOUT };

    /// <summary>Receives what there is, after a poll said so.</summary>
    public void Receive(short events)
    {
        if ((events & Posix.POLLIN) != 0)
        {
            var count = Posix.Read(input, _chunk);
            IsGone |= count == 0 || (count < 0 && Posix.LastError is not (Posix.EINTR or Posix.EAGAIN));
            _frames.Append(_chunk.AsSpan(0, Math.Max(count, 0)));
        }
        else
        {
            IsGone |= (events & (Posix.POLLHUP | Posix.POLLRDHUP | Posix.POLLERR | Posix.POLLNVAL)) != 0;
        }
    }

    /// <summary>Queues a frame; <see cref="Send"/> or <see cref="Flush"/> sends it.</summary>
    public void Queue(FrameType type, ReadOnlySpan<byte> payload)
    {
        var frame = new ArrayBufferWriter<byte>(Frame.HeaderSize + payload.Length);
        FrameWriter.Write(frame, type, payload);
        _queue.Append(frame.WrittenSpan);
    }

    /// <summary>Room for one frame of output, to read into it; <see cref="Commit"/> queues it.</summary>
    public Span<byte> Reserve(int payload) => _queue.Reserve(Frame.HeaderSize + payload)[Frame.HeaderSize..];

    public void Commit(FrameType type, int payload)
    {
        FrameWriter.WriteHeader(_queue.Reserve(Frame.HeaderSize + payload), type, payload);
        _queue.Commit(Frame.HeaderSize + payload);
    }

    /// <summary>Sends as much as the other side accepts now.</summary>
    public void Send()
    {
        if (!IsGone)
        {
            IsGone = _queue.WriteTo(output) < 0;
        }
    }

    /// <summary>Sends everything that waits, however long the other side takes; what it sends meanwhile waits too.</summary>
    /// <returns>Whether all was sent; false when the other side is gone.</returns>
    public bool Flush()
    {
        Send();
        while (!IsGone && _queue.Length > 0)
        {
            Span<Posix.PollFd> fds = [WriteInterest(), new() { Fd = input, Events = Posix.POLLRDHUP }];
            if (Posix.Poll(fds, Timeout.Infinite) > 0)
            {
                Receive((short)(fds[1].Returned & ~Posix.POLLIN));
                Send();
            }
        }

        return !IsGone;
    }

    /// <summary>Sends a frame and waits until all is sent.</summary>
    public bool Write(FrameType type, ReadOnlySpan<byte> payload)
    {
        Queue(type, payload);
        return Flush();
    }

    /// <summary>Answers that there is no such operation now, or never.</summary>
    /// <param name="code">A Connect code, as <c>resource_exhausted</c>.</param>
    /// <param name="message">Why, for display.</param>
    public void Refuse(string code, string message)
    {
        var frame = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frame, new CommandExit(null, false, false, 0, message, Code: code));
        _queue.Append(frame.WrittenSpan);
        Flush();
    }
}
