using System.Collections.Concurrent;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>So many users at once, each with one session after the other: it comes, beats, works, and goes or falls silent.</summary>
internal sealed class ComingAndGoing(ApiServer server, int users) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _users = [];
    private int _sessions;

    /// <summary>Every answer, with what was asked and its status.</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = new();

    /// <summary>Sessions that had a runner, worked in it and went.</summary>
    public int Done => Answers.GetValueOrDefault("exec 200");

    public void Start() => _users.AddRange(Enumerable.Range(0, users).Select(number => UseAsync(new Random(number))));

    /// <summary>Lets every session under way end.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_users);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_users).ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task UseAsync(Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            var session = $"user-{Interlocked.Increment(ref _sessions)}";
            if (await CallAsync("provision", "/api/runner/provision", null, session) is not (200 or 201))
            {
                await Pace.PauseAsync(random.Next(500, 2_000));
                continue;
            }

            for (var beat = random.Next(2, 8); beat > 0; beat--)
            {
                await Pace.PauseAsync(random.Next(1_000, 4_000));
                Assert.Equal(200, await CallAsync("heartbeat", "/api/runner/heartbeat", null, session));
            }

            Assert.Equal(200, await CallAsync("exec", $"/api/runner/{session}/exec", """{"command":["sh","-c","echo done"]}""", session));
            if (random.Next(4) != 0)
            {
                Assert.Equal(200, await CallAsync("deprovision", "/api/runner/deprovision", null, session));
            }
        }
    }

    private async Task<int> CallAsync(string what, string path, string? json, string session)
    {
        using var answer = await server.Sessions.PostAsync(path, json, ("X-Session-Id", session));
        await answer.Content.ReadAsByteArrayAsync();
        Answers.AddOrUpdate($"{what} {(int)answer.StatusCode}", 1, (_, count) => count + 1);
        return (int)answer.StatusCode;
    }
}
