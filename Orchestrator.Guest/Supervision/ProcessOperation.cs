using System.Text.Json;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Runs one process for one caller over the frame protocol, on the calling thread.</summary>
/// <remarks>One thread and <c>poll</c>, nothing asynchronous: it answers when code has taken every process id. A caller that
/// reads slowly slows the process down but does not extend its deadline.</remarks>
/// <param name="channel">The caller. Its end kills a foreground process; another goes on, its output dropped.</param>
/// <param name="request">The process.</param>
/// <param name="processes">Starts and kills processes.</param>
/// <param name="lingering">Takes the streams that children still hold when the process has ended; null kills the children.</param>
/// <param name="time">Measures the deadline.</param>
internal sealed class ProcessOperation(
    AgentChannel channel, ProcessRequest request, ProcessTree processes, LingeringStreams? lingering, TimeProvider time)
{
    private const int TickMs = 100;
    private readonly long _began = time.GetTimestamp();
    private readonly OomCounter _oom = OomCounter.Start();
    private ProcessStreams? _streams;
    private SpawnedCommand? _command;
    private bool _inputEnded;
    private bool _kill;
    private TimeSpan? _graceEnds;
    private bool _graceIsTrees;

    /// <summary>Serves the caller until the exit is reported, or there is nobody to report it to.</summary>
    /// <returns>Whether the exit was reported.</returns>
    public bool Run()
    {
        try
        {
            using var code = CodeFile.Of(request);
            var (command, failure) = processes.Start(code?.Request ?? request);
            _command = command;
            if (command is null)
            {
                return Report(failure!);
            }

            return Report(Serve(command));
        }
        catch (FrameException error)
        {
            EndCommand();
            return Report(new CommandExit(null, false, _streams?.Truncated == true, 0, error.Message));
        }
        finally
        {
            EndCommand();
        }
    }

    private TimeSpan Elapsed => time.GetElapsedTime(_began);

    private CommandExit Serve(SpawnedCommand command)
    {
        var streams = _streams = new ProcessStreams(channel, command, request.MaxOutputBytes, acknowledges: lingering is not null);
        if (lingering is not null)
        {
            channel.Queue(FrameType.Start, JsonSerializer.SerializeToUtf8Bytes(new StartedProcess(command.Pid), AgentJson.Default.StartedProcess));
            channel.Send();
        }

        TakeFrames(command);
        var timedOut = false;
        while (!_kill && !(channel.IsGone && request.Foreground) && !IsOver(command))
        {
            if (request.TimeoutMs > 0 && Elapsed.TotalMilliseconds >= request.TimeoutMs)
            {
                timedOut = true;
                break;
            }

            Turn(command, streams);
            if (_graceEnds is { } end && Elapsed >= end)
            {
                _graceEnds = null;
                _kill = _graceIsTrees;
                Posix.kill(command.Pid, Posix.SIGKILL);
            }
        }

        var duration = Elapsed;
        var natural = !timedOut && !_kill && Posix.HasExited(command.Pid) && lingering is not null;
        var ended = natural ? processes.Leave(command) : processes.End(command);
        if (natural)
        {
            streams.ReadRest();
            lingering!.Take(command);
        }
        else
        {
            streams.Drain();
        }

        return ExitOf(ended, timedOut, duration, streams.Truncated);
    }

    /// <summary>Whether the process has ended, and with it all that a signal with a grace was for.</summary>
    private bool IsOver(SpawnedCommand command) =>
        Posix.HasExited(command.Pid) && (_graceEnds is null || !_graceIsTrees || !processes.HasLiveMembers(command));

    private void Turn(SpawnedCommand command, ProcessStreams streams)
    {
        Span<Posix.PollFd> fds = stackalloc Posix.PollFd[ProcessStreams.Count + 3];
        fds[0] = streams.AcceptsInput ? channel.ReadInterest() : channel.ReadInterest() with { Events = Posix.POLLRDHUP };
        fds[1] = channel.WriteInterest();
        // During a grace its end may be past, and ticks tell of its children's.
        fds[2] = new() { Fd = _graceEnds is null ? command.PidFd : -1, Events = Posix.POLLIN };
        streams.Interest(fds[3..]);
        if (Posix.Poll(fds, WaitMs(command)) > 0)
        {
            channel.Receive(fds[0].Returned);
            TakeFrames(command);
            streams.Move(fds[3..]);
        }

        channel.Send();
        if (lingering is null)
        {
            processes.ReapOrphans();
        }
    }

    /// <summary>How long a turn may wait for events: the end of an orphan reports none, nor, without a process descriptor,
    /// the process's own.</summary>
    private int WaitMs(SpawnedCommand command)
    {
        var wait = command.PidFd < 0 ? 5 : lingering is null || _graceEnds is not null ? TickMs : int.MaxValue;
        if (request.TimeoutMs > 0)
        {
            wait = (int)Math.Clamp(Math.Ceiling(request.TimeoutMs - Elapsed.TotalMilliseconds), 0, wait);
        }

        return _graceEnds is { } end ? (int)Math.Clamp(Math.Ceiling((end - Elapsed).TotalMilliseconds), 0, wait) : wait;
    }

    private void TakeFrames(SpawnedCommand command)
    {
        while (channel.TryRead(out var frame))
        {
            switch (frame.Type)
            {
                case FrameType.Input when !_inputEnded:
                    _streams!.WriteInput(frame.Payload.Span);
                    break;
                case FrameType.InputEnd:
                    _inputEnded = true;
                    _streams!.EndInput();
                    break;
                case FrameType.Control when lingering is not null:
                    Take(command, frame.Payload.Span);
                    break;
                default:
                    throw new FrameException($"A frame of type {frame.Type} may not stand here.");
            }
        }
    }

    private void Take(SpawnedCommand command, ReadOnlySpan<byte> json)
    {
        var control = ProcessControl.Parse(json);
        if (control.Resize is { } size && command.IsTerminal)
        {
            Posix.Resize(command.Output, size.Cols, size.Rows);
        }

        if (control.Signal is not { } signal)
        {
            return;
        }

        if (control is { Tree: true, Signal: Posix.SIGKILL })
        {
            _kill = true;
        }
        else if (control.Tree)
        {
            processes.Signal(command, signal);
        }
        else
        {
            Posix.kill(command.Pid, signal);
        }

        if (control.GraceMs is { } grace)
        {
            (_graceEnds, _graceIsTrees) = (Elapsed + TimeSpan.FromMilliseconds(grace), control.Tree);
        }
    }

    private CommandExit ExitOf(EndedProcess? ended, bool timedOut, TimeSpan duration, bool truncated)
    {
        var signal = ended?.Signal;
        var code = ended?.ExitCode;
        return new CommandExit(
            timedOut ? null : code,
            timedOut,
            truncated,
            Math.Round(duration.TotalMilliseconds, 3),
            ended is null ? "The command could not be killed." : null,
            signal,
            // A shell reports a child's end by a signal as 128 and the signal.
            !timedOut && !_kill && code == 128 + Posix.SIGKILL && _oom.HasRisen(),
            ended?.CpuSeconds ?? 0,
            ended?.MemoryBytes ?? 0);
    }

    private bool Report(CommandExit exit)
    {
        channel.Queue(FrameType.Exit, exit.ToJson());
        return channel.Flush();
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
}
