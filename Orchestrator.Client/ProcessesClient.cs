using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Orchestrator.Client;

/// <summary>Processes and terminals of sessions' runners: what lives on when its call ends.</summary>
public sealed class ProcessesClient
{
    private readonly ListenerCalls _calls;

    internal ProcessesClient(ListenerCalls calls) => _calls = calls;

    /// <summary>Starts a command in the background.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="command">The command; it runs without limit unless it has one.</param>
    /// <param name="cancellationToken">Ends the call, not the command.</param>
    public Task<BackgroundResponse> StartAsync(string sessionId, ExecBody command, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return _calls.PostAsync(
            $"{SessionsClient.PathOf(sessionId)}/exec", command with { Background = true },
            ContractJson.Request.ExecBody, ContractJson.Default.BackgroundResponse, cancellationToken);
    }

    /// <summary>The processes that run, and those that ended within ten minutes.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<RunnerProcess>> ListAsync(string sessionId, CancellationToken cancellationToken = default) =>
        (await _calls.GetAsync($"{SessionsClient.PathOf(sessionId)}/processes", ContractJson.Default.ProcessList, cancellationToken)).Processes;

    /// <summary>Reads a process's output, of the last MiB.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="pid">The process.</param>
    /// <param name="since">The <see cref="ExecEvent.Offset"/> to go on from; 0 for everything kept.</param>
    /// <param name="follow">Whether to wait for more until the process ends.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<ExecEvent> ReadAsync(
        string sessionId, int pid, long since = 0, bool follow = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var query = FormattableString.Invariant($"?since={since}&follow={(follow ? "true" : "false")}");
        using var request = _calls.NewRequest(HttpMethod.Get, $"{PathOf(sessionId, pid)}/output{query}");
        using var response = await _calls.OpenAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var happened in ExecEventReader.ReadAsync(body, cancellationToken))
        {
            yield return happened;
        }
    }

    /// <summary>Writes to a process's standard input.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="pid">The process.</param>
    /// <param name="input">The bytes.</param>
    /// <param name="end">Whether the input ends after them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task WriteAsync(string sessionId, int pid, Stream input, bool end = false, CancellationToken cancellationToken = default)
    {
        using var body = new StreamContent(input);
        await _calls.SendAsync(HttpMethod.Post, $"{PathOf(sessionId, pid)}/input{(end ? "?eof=true" : "")}", cancellationToken, body);
    }

    /// <summary>Signals a process and everything it started.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="pid">The process.</param>
    /// <param name="signal">The signal's name or number; <c>TERM</c>, followed by <c>KILL</c> after five seconds, when left out.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task SignalAsync(string sessionId, int pid, string? signal = null, CancellationToken cancellationToken = default) => _calls.SendAsync(
        HttpMethod.Delete, $"{PathOf(sessionId, pid)}{(signal is null ? "" : $"?signal={Uri.EscapeDataString(signal)}")}", cancellationToken);

    /// <summary>
    /// Opens a terminal: binary messages are its bytes both ways, a text message <c>{"resize":{"cols":80,"rows":24}}</c> changes
    /// its size. Closing the socket leaves its program running.
    /// </summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="columns">Its width.</param>
    /// <param name="rows">Its height.</param>
    /// <param name="command">The shell command to run; a shell when left out.</param>
    /// <param name="pid">The process whose terminal to attach to instead.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="WebSocketException">The call was refused.</exception>
    public Task<WebSocket> OpenTerminalAsync(
        string sessionId, int columns = 80, int rows = 24, string? command = null, int? pid = null, CancellationToken cancellationToken = default)
    {
        var query = FormattableString.Invariant($"?cols={columns}&rows={rows}");
        query += pid is { } known ? FormattableString.Invariant($"&pid={known}") : command is null ? "" : $"&command={Uri.EscapeDataString(command)}";
        return _calls.ConnectAsync($"{SessionsClient.PathOf(sessionId)}/terminal{query}", cancellationToken);
    }

    private static string PathOf(string sessionId, int pid) => FormattableString.Invariant($"{SessionsClient.PathOf(sessionId)}/processes/{pid}");
}
