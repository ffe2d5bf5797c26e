using System.Buffers.Binary;
using System.Diagnostics;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Moves bytes between a caller and a process's standard streams, or its terminal.</summary>
/// <param name="channel">The caller.</param>
/// <param name="command">The process; streams that have ended are closed.</param>
/// <param name="maxOutputBytes">Bytes passed on of each stream.</param>
/// <param name="acknowledges">Whether the caller wants to know how much input was taken.</param>
internal sealed class ProcessStreams(AgentChannel channel, SpawnedCommand command, long maxOutputBytes, bool acknowledges)
{
    /// <summary>The descriptors to poll for.</summary>
    public const int Count = 3;

    private const int ChunkSize = 60 * 1024;
    private const int QueueLimit = 256 * 1024;
    private const int AcknowledgeAt = 32 * 1024;
    private const int TickMs = 100;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);

    private readonly ByteQueue _input = new();
    private bool _inputEnded;
    private int _taken;
    private long _outputLeft = maxOutputBytes;
    private long _errorLeft = maxOutputBytes;
    private long _outputRead;
    private long _errorRead;

    /// <summary>Whether output was dropped because a stream went over its limit.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Whether the caller's frames may be read; one that keeps to its window is never kept waiting.</summary>
    public bool AcceptsInput => _input.Length <= Frame.InputWindow;

    private bool HasRoom => channel.IsGone || channel.Waiting < QueueLimit;

    public void WriteInput(ReadOnlySpan<byte> bytes)
    {
        // A process that closed its input does not read it: further input is dropped.
        if (command.Input < 0)
        {
            Acknowledge(bytes.Length);
        }
        else
        {
            _input.Append(bytes);
            Push();
        }
    }

    public void EndInput()
    {
        _inputEnded = true;
        Push();
    }

    /// <summary>What to poll for.</summary>
    public void Interest(Span<Posix.PollFd> fds)
    {
        fds[0] = new() { Fd = _input.Length > 0 ? command.Input : -1, Events = Posix.POLLOUT };
        fds[1] = new() { Fd = HasRoom ? command.Output : -1, Events = Posix.POLLIN };
        fds[2] = new() { Fd = HasRoom ? command.Error : -1, Events = Posix.POLLIN };
    }

    /// <summary>Moves what a poll found.</summary>
    public void Move(ReadOnlySpan<Posix.PollFd> fds)
    {
        if (fds[0].Returned != 0)
        {
            Push();
        }

        Read(fds[1].Returned != 0, fds[2].Returned != 0);
    }

    /// <summary>Reads what the process left in its streams when it ended; not what its children write from now on.</summary>
    public void ReadRest()
    {
        var (output, error) = (_outputRead + Posix.Available(command.Output), _errorRead + Posix.Available(command.Error));
        var terminal = command.IsTerminal ? _outputRead + QueueLimit : 0;
        // A terminal passes on its last output a moment later, and says when it was the last.
        while (_outputRead < output || _errorRead < error || (_outputRead < terminal && IsReadable(command.Output, TickMs)))
        {
            WaitForRoom();
            if (!Read(_outputRead < Math.Max(output, terminal), _errorRead < error))
            {
                return;
            }
        }
    }

    /// <summary>Reads the dead's remaining output. A descriptor held open by an unkillable process costs a second.</summary>
    public void Drain()
    {
        var quiet = Stopwatch.GetTimestamp();
        while ((command.Output >= 0 || command.Error >= 0) && Stopwatch.GetElapsedTime(quiet) < DrainLimit)
        {
            WaitForRoom();
            Span<Posix.PollFd> fds =
            [
                new() { Fd = command.Output, Events = Posix.POLLIN },
                new() { Fd = command.Error, Events = Posix.POLLIN },
            ];
            if (Posix.Poll(fds, TickMs) > 0 && Read(fds[0].Returned != 0, fds[1].Returned != 0))
            {
                quiet = Stopwatch.GetTimestamp();
            }
        }
    }

    private static bool IsReadable(int fd, int waitMs)
    {
        Span<Posix.PollFd> fds = [new() { Fd = fd, Events = Posix.POLLIN }];
        return fd >= 0 && Posix.Poll(fds, waitMs) > 0;
    }

    private void WaitForRoom()
    {
        if (!HasRoom)
        {
            channel.Flush();
        }
    }

    private void Push()
    {
        if (command.Input < 0)
        {
            return;
        }

        var held = _input.Length;
        var written = _input.WriteTo(command.Input);
        if (written < 0)
        {
            _input.Clear();
            command.CloseInput();
        }

        Acknowledge(held - _input.Length);
        if (_inputEnded && _input.Length == 0 && !command.IsTerminal)
        {
            command.CloseInput();
        }
    }

    private void Acknowledge(int count)
    {
        _taken += count;
        if (acknowledges && _taken > 0 && (_taken >= AcknowledgeAt || _input.Length == 0))
        {
            Span<byte> payload = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteInt32BigEndian(payload, _taken);
            channel.Queue(FrameType.Taken, payload);
            _taken = 0;
        }
    }

    private bool Read(bool output, bool error)
    {
        var read = false;
        if (output && command.Output >= 0)
        {
            read |= Read(command.Output, FrameType.Output, ref _outputLeft, ref _outputRead, out var ended);
            if (ended)
            {
                command.CloseOutput();
            }
        }

        if (error && command.Error >= 0)
        {
            read |= Read(command.Error, FrameType.Error, ref _errorLeft, ref _errorRead, out var ended);
            if (ended)
            {
                command.CloseError();
            }
        }

        return read;
    }

    private bool Read(int fd, FrameType type, ref long left, ref long total, out bool ended)
    {
        var count = Posix.Read(fd, channel.Reserve(ChunkSize));
        ended = count == 0 || (count < 0 && Posix.LastError is not (Posix.EINTR or Posix.EAGAIN));
        if (count <= 0)
        {
            return false;
        }

        total += count;
        var kept = channel.IsGone ? 0 : (int)Math.Min(count, left);
        left -= kept;
        Truncated |= kept < count;
        if (kept > 0)
        {
            channel.Commit(type, kept);
        }

        return true;
    }
}
