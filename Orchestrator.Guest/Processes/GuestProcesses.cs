using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Processes;

/// <summary>The processes that the server started: those that live, and for a while those that have ended. Thread-safe.</summary>
internal sealed class GuestProcesses(IAgentConnector agents, TimeProvider time)
{
    /// <summary>Live processes at once.</summary>
    public const int Limit = 64;

    /// <summary>How long ended ones are kept.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    private const int EndedLimit = 100;
    private const string Killed = "The process that runs code was killed.";
    private const long EndedOutputLimit = 32 * 1024 * 1024;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ResetLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly List<GuestProcess> _live = [];
    private readonly List<GuestProcess> _ended = [];
    private int _starting;

    /// <summary>Those that live and, if wanted, those that ended a while ago, in the order of their start.</summary>
    public List<GuestProcess> List(bool ended)
    {
        lock (_gate)
        {
            ForgetOld();
            return [.. _live.Concat(ended ? _ended : []).OrderBy(process => process.StartedAt)];
        }
    }

    /// <summary>The process of an id or a tag, the latest one first.</summary>
    /// <param name="selector">Which.</param>
    /// <param name="retention">How long ago it may have ended; null: it must live.</param>
    /// <exception cref="ConnectError">There is none.</exception>
    public GuestProcess Find(ProcessSelector? selector, TimeSpan? retention = null)
    {
        if (selector is not ({ Pid: not null } or { Tag: not null }))
        {
            throw ConnectError.Invalid("The process must be selected by pid or tag.");
        }

        bool Matches(GuestProcess process) => selector.Pid is { } pid ? process.Pid == pid : process.Tag == selector.Tag;
        lock (_gate)
        {
            ForgetOld();
            return _live.FindLast(Matches)
                ?? _ended.FindLast(process => Matches(process) && retention is { } limit && time.GetUtcNow() - process.EndedAt <= limit)
                ?? throw ConnectError.NotFound(selector.Pid is { } pid ? $"process with pid {pid} not found" : $"process with tag {selector.Tag} not found");
        }
    }

    /// <summary>Starts a process.</summary>
    /// <param name="request">Which.</param>
    /// <param name="timeoutMs">Its life in milliseconds; 0 is any.</param>
    /// <param name="cancellationToken">Ends the wait for the agent, not what was begun.</param>
    /// <returns>The process and a cursor at the beginning of its output.</returns>
    /// <exception cref="NotStartedException">There is no such program, or it can't be executed.</exception>
    /// <exception cref="ConnectError">It was refused.</exception>
    public async Task<(GuestProcess Process, OutputCursor Output)> StartAsync(StartRequest request, long timeoutMs, CancellationToken cancellationToken)
    {
        var operation = OperationOf(request, timeoutMs);
        lock (_gate)
        {
            if (_live.Count + _starting >= Limit)
            {
                throw new ConnectError(ConnectCode.ResourceExhausted, $"{Limit} processes are running; that is the limit.");
            }

            _starting++;
        }

        try
        {
            var agent = await AgentConnection.OpenAsync(agents, cancellationToken)
                ?? throw new ConnectError(ConnectCode.Unavailable, "The process that runs code is not ready. Retry in a moment.");
            try
            {
                return await StartAsync(agent, operation, request);
            }
            catch
            {
                await agent.DisposeAsync();
                throw;
            }
        }
        finally
        {
            lock (_gate)
            {
                _starting--;
            }
        }
    }

    /// <summary>Forgets all: those that live are given a moment to end by themselves.</summary>
    public async Task ClearAsync()
    {
        var began = time.GetTimestamp();
        while (List(ended: false) is { Count: > 0 } live)
        {
            if (time.GetElapsedTime(began) > ResetLimit)
            {
                live.ForEach(process => process.Abandon());
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }

        lock (_gate)
        {
            _ended.Clear();
        }
    }

    private async Task<(GuestProcess Process, OutputCursor Output)> StartAsync(AgentConnection agent, AgentRequest operation, StartRequest request)
    {
        using var limit = new CancellationTokenSource(StartLimit, time);
        GuestProcess? process = null;
        try
        {
            await agent.SendAsync(operation, limit.Token);
            if (await agent.ReadAsync(limit.Token) is not { } frame)
            {
                throw new ConnectError(ConnectCode.Aborted, Killed);
            }

            if (frame.Type == FrameType.Start)
            {
                var start = JsonSerializer.Deserialize(frame.Payload.Span, AgentJson.Default.StartedProcess);
                process = new GuestProcess(agent, request, start!.Pid, time);
            }
            else
            {
                var exit = CommandExit.Parse(frame.Payload.Span);
                throw exit.Code is { } code
                    ? new ConnectError(ConnectCodes.Of(code), exit.Error ?? "The agent refused.")
                    : new NotStartedException(exit);
            }
        }
        catch (Exception lost) when (lost is IOException or SocketException)
        {
            // By the code perhaps, before it could tell of the start.
            throw new ConnectError(ConnectCode.Aborted, Killed);
        }
        catch (Exception error) when (error is FrameException or JsonException or OperationCanceledException)
        {
            throw new ConnectError(ConnectCode.Unavailable, $"The process that runs code does not answer: {error.Message}");
        }

        var output = process.Output.Follow(0);
        lock (_gate)
        {
            _live.Add(process);
        }

        _ = process.FeedAsync(request.Input);
        _ = process.PumpAsync(operation.Process!.TimeoutMs, Ended);
        return (process, output);
    }

    private static AgentRequest OperationOf(StartRequest request, long timeoutMs)
    {
        var config = request.Process ?? new ProcessConfig();
        var process = new ProcessRequest(
            request.Code is null ? [config.Cmd ?? "", .. config.Args ?? []] : [],
            config.Envs,
            config.Cwd,
            timeoutMs,
            request.MaxOutputBytes ?? long.MaxValue,
            request.Foreground,
            request.Pty is { } pty ? pty.Size ?? new TerminalSize(80, 24) : null,
            request.Code);
        return process.Problem() is { } problem ? throw ConnectError.Invalid(problem) : new AgentRequest(Process: process);
    }

    private void Ended(GuestProcess process)
    {
        lock (_gate)
        {
            _live.Remove(process);
            _ended.Add(process);
            ForgetOld();
        }
    }

    private void ForgetOld()
    {
        var oldest = time.GetUtcNow() - Retention;
        _ended.RemoveAll(process => process.EndedAt < oldest);
        while (_ended.Count > EndedLimit || (_ended.Count > 1 && _ended.Sum(process => process.Output.Held) > EndedOutputLimit))
        {
            _ended.RemoveAt(0);
        }
    }
}

/// <summary>There is no such program, or it can't be executed.</summary>
/// <param name="exit">What a shell would say, and why.</param>
internal sealed class NotStartedException(CommandExit exit) : Exception(exit.Error)
{
    public CommandExit Exit => exit;
}
