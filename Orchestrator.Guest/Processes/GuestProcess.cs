using System.Buffers.Binary;
using System.Net.Sockets;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Processes;

/// <summary>A process that the server started through the agent: its output, its input and its end.</summary>
#pragma warning disable CA1001 // late callers may still hold it; neither has a wait handle or a timer
internal sealed class GuestProcess
#pragma warning restore CA1001
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);
    private static readonly CommandExit Lost = new(null, false, false, 0, "The process that ran the code was killed.");

    private readonly AgentConnection _agent;
    private readonly TimeProvider _time;
    private readonly InputCredit _credit = new();
    private readonly SemaphoreSlim _inputTurn = new(1, 1);
    private readonly CancellationTokenSource _abandon = new();
    private readonly bool _hasInput;
    private bool _inputEnded;

    public GuestProcess(AgentConnection agent, StartRequest request, int pid, TimeProvider time)
    {
        (_agent, _time, Pid) = (agent, time, pid);
        var config = request.Process ?? new ProcessConfig();
        Config = request.Code is { } code ? config with { Cmd = code.Language, Args = [] } : config;
        Tag = request.Tag;
        IsTerminal = request.Pty is not null;
        StartedAt = time.GetUtcNow();
        _hasInput = request.Stdin ?? request.Code is null;
    }

    public int Pid { get; }

    public ProcessConfig Config { get; }

    public string? Tag { get; }

    public bool IsTerminal { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Null while it lives.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>How it ended; null while it lives.</summary>
    public CommandExit? Exit { get; private set; }

    public OutputRing Output { get; } = new();

    /// <summary>Passes on output until the process has ended; then, and before any follower is told, calls back.</summary>
    /// <param name="timeoutMs">Its life, which the agent ends; 0 is any.</param>
    /// <param name="ended">Called once.</param>
    public async Task PumpAsync(long timeoutMs, Action<GuestProcess> ended)
    {
        // The agent keeps the deadline; this is for an agent that code has stopped.
        using var watch = timeoutMs == 0 ? null : _time.CreateTimer(
            _ => AbandonUnlessHeldUp(), null, TimeSpan.FromMilliseconds(timeoutMs) + Grace, Grace);
        var exit = Lost;
        try
        {
            while (await _agent.ReadAsync(_abandon.Token) is { } frame)
            {
                if (frame.Type == FrameType.Exit)
                {
                    exit = CommandExit.Parse(frame.Payload.Span);
                    break;
                }

                await TakeAsync(frame);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or FrameException or OperationCanceledException or ObjectDisposedException)
        {
            // Lost, as said.
        }

        (Exit, EndedAt) = (exit, _time.GetUtcNow());
        _credit.End();
        ended(this);
        Output.Complete();
        await _agent.DisposeAsync();
    }

    /// <summary>Sends what its standard input is from the start: all of it, or none where none is wanted.</summary>
    public async Task FeedAsync(byte[]? input)
    {
        if (IsTerminal || (input is null && _hasInput))
        {
            return;
        }

        await _inputTurn.WaitAsync();
        _inputEnded = true;
        try
        {
            await WriteAsync(input, CancellationToken.None);
            await SendAsync(FrameType.InputEnd, default, CancellationToken.None);
        }
        finally
        {
            _inputTurn.Release();
        }
    }

    /// <summary>Sends input, as fast as the process reads it.</summary>
    /// <exception cref="ConnectError">Its input is closed.</exception>
    public async Task SendInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _inputTurn.WaitAsync(cancellationToken);
        try
        {
            if (_inputEnded)
            {
                throw new ConnectError(ConnectCode.FailedPrecondition, $"Standard input of process {Pid} is closed.");
            }

            await WriteAsync(bytes, cancellationToken);
        }
        finally
        {
            _inputTurn.Release();
        }
    }

    /// <summary>Closes standard input, after what was sent before.</summary>
    public async Task EndInputAsync(CancellationToken cancellationToken)
    {
        if (IsTerminal)
        {
            throw new ConnectError(ConnectCode.FailedPrecondition, $"Process {Pid} has a terminal; send it Ctrl+D (0x04) instead.");
        }

        await _inputTurn.WaitAsync(cancellationToken);
        try
        {
            _inputEnded = true;
            await SendAsync(FrameType.InputEnd, default, cancellationToken);
        }
        finally
        {
            _inputTurn.Release();
        }
    }

    /// <summary>Signals it, or gives its terminal another size.</summary>
    public Task ControlAsync(ProcessControl control, CancellationToken cancellationToken) =>
        SendAsync(FrameType.Control, control.ToJson(), cancellationToken);

    /// <summary>Kills it and everything it started.</summary>
    public Task KillAsync() => ControlAsync(new ProcessControl(Supervision.Posix.SIGKILL, Tree: true), CancellationToken.None);

    /// <summary>Gives it up: it counts as ended.</summary>
    public void Abandon() => _abandon.Cancel();

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0 && await _credit.TakeAsync(Math.Min(bytes.Length, Frame.MaxPayload), cancellationToken) is var count and > 0)
        {
            await SendAsync(FrameType.Input, bytes[..count], cancellationToken);
            bytes = bytes[count..];
        }
    }

    private ValueTask TakeAsync(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Output or FrameType.Error:
                return Output.AppendAsync(
                    frame.Type == FrameType.Output ? OutputKind.Output : OutputKind.Error, frame.Payload, _abandon.Token);
            case FrameType.Taken when frame.Payload.Length == sizeof(int):
                _credit.Return(BinaryPrimitives.ReadInt32BigEndian(frame.Payload.Span));
                return ValueTask.CompletedTask;
            default:
                throw new FrameException($"A frame of type {frame.Type} may not stand here.");
        }
    }

    private async Task SendAsync(FrameType type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await _agent.SendAsync(type, payload, cancellationToken);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It has ended, or is about to be lost, which its followers are told.
        }
    }

    private void AbandonUnlessHeldUp()
    {
        if (!Output.IsHeldUp)
        {
            Abandon();
        }
    }
}
