using System.Collections.Concurrent;
using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Callers that want one new runner after the other, and owners that tell every now and then that they live.</summary>
internal sealed class ProvisionLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _silence = new();
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly ConcurrentQueue<int> _heartbeats = new();
    private readonly List<Task> _callers = [];
    private readonly List<Task> _owners = [];
    private int _sessions;

    /// <summary>Begins.</summary>
    /// <param name="server">Whom they call.</param>
    /// <param name="callers">How many callers provision.</param>
    /// <param name="owners">The sessions whose owners send heartbeats.</param>
    public ProvisionLoad(ApiServer server, int callers, params string[] owners)
    {
        for (var i = 0; i < callers; i++)
        {
            _callers.Add(ProvisionAsync(server));
        }

        foreach (var owner in owners)
        {
            _owners.Add(BeatAsync(server, owner));
        }
    }

    /// <summary>What provisions were answered.</summary>
    public IReadOnlyCollection<Answer> Answers => _answers;

    /// <summary>The statuses of the heartbeats.</summary>
    public IReadOnlyCollection<int> Heartbeats => _heartbeats;

    /// <summary>Waits for so many answers of one status to calls begun from now on.</summary>
    public Task SeeAsync(int status, int count, string what)
    {
        var now = Stopwatch.GetTimestamp();
        return Eventually.TrueAsync(
            () => _answers.Count(answer => answer.Begun >= now && answer.Status == status) >= count
                || _callers.Concat(_owners).Any(call => call.IsFaulted),
            TimeSpan.FromSeconds(40), what);
    }

    /// <summary>
    /// Ends the provisions, after those under way; fails when a call got no answer at all. Owners send on until this is
    /// disposed: a last provision may take longer than a lease lives.
    /// </summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _silence.CancelAsync();
        await Task.WhenAll(_callers.Concat(_owners)).ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
        _silence.Dispose();
    }

    private async Task ProvisionAsync(ApiServer server)
    {
        while (!_stop.IsCancellationRequested)
        {
            var session = $"load-{Interlocked.Increment(ref _sessions)}";
            var begun = Stopwatch.GetTimestamp();
            using var answer = await server.Sessions.PostAsync("/api/runner/provision", null, ("X-Session-Id", session));
            _answers.Enqueue(new Answer(begun, Stopwatch.GetTimestamp(), (int)answer.StatusCode, answer.Headers.RetryAfter?.Delta,
                await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
            await Pace.PauseAsync(50);
        }
    }

    private async Task BeatAsync(ApiServer server, string owner)
    {
        while (!_silence.IsCancellationRequested)
        {
            _heartbeats.Enqueue(await server.HeartbeatAsync(owner));
            await Pace.PauseAsync(100);
        }
    }
}

/// <summary>An answer to a provision.</summary>
/// <param name="Begun">When the call was made, as a <see cref="Stopwatch"/> timestamp.</param>
/// <param name="Ended">When it was answered.</param>
/// <param name="Status">Its status.</param>
/// <param name="RetryAfter">When to come back.</param>
/// <param name="Body">What it said.</param>
internal sealed record Answer(long Begun, long Ended, int Status, TimeSpan? RetryAfter, string Body);
