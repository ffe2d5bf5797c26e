using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orchestrator.Client;

/// <summary>Sessions: a runner each, kept alive by heartbeats and commands, and released at the end.</summary>
public sealed class SessionsClient
{
    // The server's default time limit of a command.
    private const double DefaultSeconds = 60;

    private readonly ListenerCalls _calls;

    internal SessionsClient(ListenerCalls calls) => _calls = calls;

    /// <summary>Gives a session its runner, the same one for as long as it is leased. The runner is ready when the answer comes.</summary>
    /// <param name="sessionId">The session; null generates an id.</param>
    /// <param name="networkMode"><c>none</c> for a runner without a network.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ProvisionResponse> ProvisionAsync(
        string? sessionId = null, string? networkMode = null, CancellationToken cancellationToken = default) => _calls.PostAsync(
            "api/runner/provision",
            new ProvisionRequest(sessionId, networkMode),
            ContractJson.Request.ProvisionRequest,
            ContractJson.Default.ProvisionResponse,
            cancellationToken);

    /// <summary>Extends a session's lease by another inactivity time-out.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<MessageResponse> HeartbeatAsync(string sessionId, CancellationToken cancellationToken = default) =>
        PostSessionAsync("api/runner/heartbeat", sessionId, cancellationToken);

    /// <summary>Releases a session's runner; it is removed when the answer comes.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<MessageResponse> ReleaseAsync(string sessionId, CancellationToken cancellationToken = default) =>
        PostSessionAsync("api/runner/deprovision", sessionId, cancellationToken);

    /// <summary>Runs a command in a session's runner and collects its output.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Ends call and command.</param>
    public Task<ExecResponse> ExecAsync(string sessionId, ExecBody command, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return _calls.PostAsync(
            ExecPath(sessionId), command, ContractJson.Request.ExecBody, ContractJson.Default.ExecResponse, cancellationToken, TimeOf(command));
    }

    /// <summary>Runs a command in a session's runner and streams its output; the last event is an <see cref="ExitEvent"/>.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Ends call and command.</param>
    /// <exception cref="IOException">The server was lost while the command ran.</exception>
    public async IAsyncEnumerable<ExecEvent> StreamAsync(
        string sessionId, ExecBody command, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        using var limit = _calls.NewLimit(TimeOf(command));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = _calls.NewRequest(HttpMethod.Post, ExecPath(sessionId), JsonContent.Create(command, ContractJson.Request.ExecBody));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(ExecEventReader.ContentType));
        using var response = await _calls.OpenAsync(request, either.Token);
        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        await foreach (var happened in ExecEventReader.ReadAsync(body, either.Token))
        {
            yield return happened;
            if (happened is ExitEvent)
            {
                yield break;
            }
        }

        throw new IOException("The answer ended before the command did.");
    }

    /// <summary>The log of a session's runner, line by line.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="follow">Whether to continue with new lines until the runner is gone.</param>
    /// <param name="tail">How many of the last lines to begin with; null for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<string> ReadLogsAsync(
        string sessionId, bool follow = false, int? tail = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var query = FormattableString.Invariant($"?follow={(follow ? "true" : "false")}&tail={tail}");
        using var request = _calls.NewRequest(HttpMethod.Get, $"{PathOf(sessionId)}/logs{query}");
        using var response = await _calls.OpenAsync(request, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Every runner, of any owner or none.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<RunnerEntry>> ListAsync(CancellationToken cancellationToken = default)
    {
        List<RunnerEntry> runners = [];
        for (var page = await ListPageAsync("", cancellationToken); ; page = await ListPageAsync($"?cursor={Uri.EscapeDataString(page.Next)}", cancellationToken))
        {
            runners.AddRange(page.Runners);
            if (page.Next is null)
            {
                return runners;
            }
        }
    }

    private Task<RunnerList> ListPageAsync(string query, CancellationToken cancellationToken) =>
        _calls.GetAsync($"api/runner{query}", ContractJson.Default.RunnerList, cancellationToken);

    internal static string PathOf(string sessionId) => $"api/runner/{Uri.EscapeDataString(sessionId)}";

    private static string ExecPath(string sessionId) => $"{PathOf(sessionId)}/exec";

    private static TimeSpan TimeOf(ExecBody command) => TimeSpan.FromSeconds(Math.Clamp(command.TimeoutSeconds ?? DefaultSeconds, 0, 3_600));

    private Task<MessageResponse> PostSessionAsync(string path, string sessionId, CancellationToken cancellationToken) => _calls.PostAsync(
        path, new SessionRequest(sessionId), ContractJson.Request.SessionRequest, ContractJson.Default.MessageResponse, cancellationToken);
}
