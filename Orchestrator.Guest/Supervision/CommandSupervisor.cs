using System.Buffers;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Runs one command for one caller over the frame protocol, on the calling thread.</summary>
/// <remarks>One thread and <c>poll</c>, nothing asynchronous: <c>supervise</c> is started for every command, and this
/// needs neither a thread pool nor an event loop to warm up. A caller that reads slowly slows the command down but
/// does not extend its deadline.</remarks>
/// <param name="input">Frames from the caller; its end means the caller is gone.</param>
/// <param name="output">Frames to the caller; made non-blocking. May be the same socket.</param>
/// <param name="processes">Starts and kills processes.</param>
/// <param name="time">Measures the deadline.</param>
internal sealed class CommandSupervisor(int input, int output, ProcessTree processes, TimeProvider time)
{
    private const int ChunkSize = 60 * 1024;
    private const int QueueLimit = 256 * 1024;
    private const int TickMs = 100;
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);

    private readonly FrameReader _frames = new();
    private readonly ByteQueue _toCaller = new();
    private readonly ByteQueue _toCommand = new();
    private readonly byte[] _chunk = new byte[ChunkSize];
    private CommandRequest? _request;
    private SpawnedCommand? _command;
    private bool _inputEnded;
    private bool _callerGone;
    private bool _truncated;
    private long _outputLeft;
    private long _errorLeft;

    /// <summary>Serves the caller until the command's exit is reported, or the caller is gone.</summary>
    /// <returns>Whether the exit was reported.</returns>
    public bool Run()
    {
        Posix.MakeNonBlocking(output);
        try
        {
            return ReadRequest() && Serve();
        }
        catch (FrameException error)
        {
            EndCommand();
            Report(new CommandExit(null, false, _truncated, 0, error.Message));
            return Flush();
        }
        finally
        {
            EndCommand();
        }
    }

    private bool ReadRequest()
    {
        var began = time.GetTimestamp();
        while (_request is null && !_callerGone && time.GetElapsedTime(began) < RequestLimit)
        {
            Span<Posix.PollFd> fds = [new() { Fd = input, Events = Posix.POLLIN | Posix.POLLRDHUP }];
            if (Posix.Poll(fds, TickMs * 10) > 0)
            {
                ReadCaller(fds[0].Returned);
            }
        }

        return _request is not null && !_callerGone;
    }

    private bool Serve()
    {
        (_outputLeft, _errorLeft) = (_request!.MaxOutputBytes, _request.MaxOutputBytes);
        var began = time.GetTimestamp();
        (_command, var failure) = processes.Start(_request);
        if (_command is null)
        {
            Report(failure!);
            return Flush();
        }

        if (_inputEnded && _toCommand.Length == 0)
        {
            _command.CloseInput();
        }

        var limit = TimeSpan.FromMilliseconds(_request.TimeoutMs);
        var left = limit;
        while (!_callerGone && !Posix.HasExited(_command.Pid) && left > TimeSpan.Zero)
        {
            Turn(_command, (int)Math.Clamp(Math.Ceiling(left.TotalMilliseconds), 0, Wait(_command)));
            left = limit - time.GetElapsedTime(began);
        }

        var timedOut = left <= TimeSpan.Zero && !Posix.HasExited(_command.Pid);
        var duration = time.GetElapsedTime(began);
        var status = processes.End(_command);
        Drain(_command);
        EndCommand();
        Report(new CommandExit(
            timedOut ? null : ExitCodeOf(status),
            timedOut,
            _truncated,
            Math.Round(duration.TotalMilliseconds, 3),
            status is null ? "The command could not be killed." : null));
        return Flush();
    }

    /// <summary>How long a turn may wait for events: no event reports an orphan's end, nor, without a process
    /// descriptor, the command's.</summary>
    private int Wait(SpawnedCommand command) => command.PidFd < 0 ? 5 : processes.AdoptsOrphans ? TickMs : int.MaxValue;

    /// <summary>Waits for events once and moves bytes along.</summary>
    private void Turn(SpawnedCommand command, int waitMs)
    {
        var room = _toCaller.Length < QueueLimit;
        Span<Posix.PollFd> fds =
        [
            new() { Fd = input, Events = (short)(Posix.POLLRDHUP | (_toCommand.Length < QueueLimit ? Posix.POLLIN : 0)) },
            new() { Fd = _toCaller.Length > 0 ? output : -1, Events = Posix.POLLOUT },
            new() { Fd = _toCommand.Length > 0 ? command.Input : -1, Events = Posix.POLLOUT },
            new() { Fd = room ? command.Output : -1, Events = Posix.POLLIN },
            new() { Fd = room ? command.Error : -1, Events = Posix.POLLIN },
            new() { Fd = command.PidFd, Events = Posix.POLLIN },
        ];
        if (Posix.Poll(fds, waitMs) > 0)
        {
            ReadCaller(fds[0].Returned);
            if (fds[2].Returned != 0)
            {
                WriteCommand(command);
            }

            ReadStreams(command, fds[3].Returned != 0, fds[4].Returned != 0);
            WriteCaller();
        }

        processes.ReapOrphans();
    }

    private void ReadCaller(short events)
    {
        if ((events & Posix.POLLIN) != 0)
        {
            var count = Posix.Read(input, _chunk);
            _callerGone |= count == 0 || (count < 0 && Posix.LastError is not (Posix.EINTR or Posix.EAGAIN));
            _frames.Append(_chunk.AsSpan(0, Math.Max(count, 0)));
            while (_frames.TryRead(out var frame))
            {
                Take(frame);
            }
        }

        _callerGone |= (events & (Posix.POLLHUP | Posix.POLLRDHUP | Posix.POLLERR | Posix.POLLNVAL)) != 0;
    }

    private void Take(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Request when _request is null:
                _request = CommandRequest.Parse(frame.Payload.Span);
                break;
            case FrameType.Input when _request is not null && !_inputEnded:
                if (_command is not { Input: < 0 })
                {
                    _toCommand.Append(frame.Payload.Span);
                    WriteCommand(_command);
                }

                break;
            case FrameType.InputEnd when _request is not null:
                _inputEnded = true;
                WriteCommand(_command);
                break;
            default:
                throw new FrameException($"A frame of type {frame.Type} may not stand here.");
        }
    }

    private void WriteCommand(SpawnedCommand? command)
    {
        if (command is null or { Input: < 0 })
        {
            return;
        }

        // A command that closed its input does not read it: further input is dropped.
        if (_toCommand.WriteTo(command.Input) < 0 || (_inputEnded && _toCommand.Length == 0))
        {
            command.CloseInput();
        }
    }

    private bool ReadStreams(SpawnedCommand command, bool output, bool error)
    {
        var read = false;
        if (output && command.Output >= 0)
        {
            read |= ReadStream(command.Output, FrameType.Output, ref _outputLeft, out var ended);
            if (ended)
            {
                command.CloseOutput();
            }
        }

        if (error && command.Error >= 0)
        {
            read |= ReadStream(command.Error, FrameType.Error, ref _errorLeft, out var ended);
            if (ended)
            {
                command.CloseError();
            }
        }

        return read;
    }

    private bool ReadStream(int fd, FrameType type, ref long left, out bool ended)
    {
        var target = _toCaller.Reserve(Frame.HeaderSize + ChunkSize);
        var count = Posix.Read(fd, target[Frame.HeaderSize..]);
        ended = count == 0 || (count < 0 && Posix.LastError is not (Posix.EINTR or Posix.EAGAIN));
        if (count <= 0)
        {
            return false;
        }

        var kept = (int)Math.Min(count, left);
        left -= kept;
        _truncated |= kept < count;
        if (kept > 0)
        {
            FrameWriter.WriteHeader(target, type, kept);
            _toCaller.Commit(Frame.HeaderSize + kept);
        }

        return true;
    }

    /// <summary>Reads the dead's remaining output in the pipes. A descriptor held open by an unkillable process costs a second.</summary>
    private void Drain(SpawnedCommand command)
    {
        var quiet = time.GetTimestamp();
        while (!_callerGone && (command.Output >= 0 || command.Error >= 0) && time.GetElapsedTime(quiet) < DrainLimit)
        {
            var full = _toCaller.Length >= QueueLimit;
            Span<Posix.PollFd> fds =
            [
                new() { Fd = full ? -1 : command.Output, Events = Posix.POLLIN },
                new() { Fd = full ? -1 : command.Error, Events = Posix.POLLIN },
            ];
            if (full)
            {
                Flush();
                quiet = time.GetTimestamp();
            }
            else if (Posix.Poll(fds, TickMs) > 0 && ReadStreams(command, fds[0].Returned != 0, fds[1].Returned != 0))
            {
                quiet = time.GetTimestamp();
            }
        }
    }

    private void Report(CommandExit exit)
    {
        var frame = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frame, exit);
        _toCaller.Append(frame.WrittenSpan);
    }

    private int WriteCaller()
    {
        var count = _toCaller.WriteTo(output);
        _callerGone |= count < 0;
        return count;
    }

    /// <summary>Writes the queued frames, as long as the caller accepts some every thirty seconds.</summary>
    private bool Flush()
    {
        var progress = time.GetTimestamp();
        while (!_callerGone && _toCaller.Length > 0 && time.GetElapsedTime(progress) < StallLimit)
        {
            if (WriteCaller() > 0)
            {
                progress = time.GetTimestamp();
            }

            Span<Posix.PollFd> fds =
            [
                new() { Fd = _toCaller.Length > 0 ? output : -1, Events = Posix.POLLOUT },
                new() { Fd = input, Events = Posix.POLLRDHUP },
            ];
            if (_toCaller.Length > 0 && Posix.Poll(fds, TickMs * 10) > 0)
            {
                ReadCaller((short)(fds[1].Returned & ~Posix.POLLIN));
            }
        }

        _callerGone |= _toCaller.Length > 0;
        return !_callerGone;
    }

    private void EndCommand()
    {
        if (_command is { } command)
        {
            _command = null;
            processes.End(command);
            command.CloseAll();
        }
    }

    private static int? ExitCodeOf(int? status) => status switch
    {
        null => null,
        { } exited when (exited & 0x7f) == 0 => (exited >> 8) & 0xff,
        { } signalled => 128 + (signalled & 0x7f),
    };
}
