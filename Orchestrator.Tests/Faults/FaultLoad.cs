using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>
/// What goes on while something fails: owners that tell all the time that they live, sessions that come, work and go, and
/// tasks. Every answer is written down, for <see cref="Invariants"/> to hold against what is there in the end.
/// </summary>
internal sealed class FaultLoad : IAsyncDisposable
{
    private readonly ApiServer _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _callers = [];
    private int _sessions;
    private int _tasks;

    private FaultLoad(ApiServer server) => _server = server;

    /// <summary>The owners that live on: session and runner.</summary>
    public ConcurrentDictionary<string, string> Owners { get; } = new();

    /// <summary>Every answer's status, with what was asked: "provision 201".</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = new();

    /// <summary>Tasks whose taking in was answered with success: id and the right result.</summary>
    public ConcurrentDictionary<string, int> Tasks { get; } = new();

    /// <summary>Calls that got no answer at all.</summary>
    public ConcurrentQueue<string> Unanswered { get; } = new();

    /// <summary>Begins with that many owners, one caller that provisions, and one that adds tasks.</summary>
    public static async Task<FaultLoad> StartAsync(ApiServer server, int owners = 2)
    {
        var load = new FaultLoad(server);
        for (var i = 0; i < owners; i++)
        {
            var session = $"owner-{Guid.NewGuid():N}"[..14];
            load.Owners[session] = (await server.ProvisionAsync(session)).Text("runnerId");
            load._callers.Add(load.BeatAsync(session));
        }

        load._callers.Add(load.ComeAndGoAsync());
        load._callers.Add(load.AddTasksAsync());
        return load;
    }

    /// <summary>How often something was answered with that status.</summary>
    public int Count(string what, int status) => Answers.GetValueOrDefault($"{what} {status}");

    /// <summary>Waits until something was answered with that status so many times more.</summary>
    public Task SeeAsync(string what, int status, int more, TimeSpan? limit = null)
    {
        var before = Count(what, status);
        return Eventually.TrueAsync(() => Count(what, status) >= before + more, limit ?? TimeSpan.FromSeconds(60), $"{more} more answers {what} {status}");
    }

    /// <summary>Owners fall silent and nobody comes any more; what is under way ends first.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers).ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task BeatAsync(string session)
    {
        while (!_stop.IsCancellationRequested)
        {
            await CallAsync("heartbeat", HttpMethod.Post, "/api/runner/heartbeat", null, session);
            await Pace.PauseAsync(100);
        }
    }

    private async Task ComeAndGoAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var session = $"guest-{Interlocked.Increment(ref _sessions)}";
            if (await CallAsync("provision", HttpMethod.Post, "/api/runner/provision", null, session) is { } runner)
            {
                await CallAsync("exec", HttpMethod.Post, $"/api/runner/{session}/exec", """{"command":["true"]}""", session);
                // Every other one leaves without a word.
                if (_sessions % 2 == 0)
                {
                    await CallAsync("deprovision", HttpMethod.Post, "/api/runner/deprovision", null, session);
                }
            }

            await Pace.PauseAsync(20);
        }
    }

    private async Task AddTasksAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _tasks);
            var body = $$$"""{"type":"add","input":{"a":{{{number}}},"b":1},"max_attempts":100}""";
            if (await CallAsync("task", HttpMethod.Post, "/task", body, null) is { } accepted)
            {
                Tasks[accepted.Text("task_id")] = number + 1;
            }

            await Pace.PauseAsync(50);
        }
    }

    /// <summary>The answer's JSON when it tells success.</summary>
    private async Task<JsonNode?> CallAsync(string what, HttpMethod method, string path, string? json, string? session)
    {
        try
        {
            (string, string)[] headers = session is null ? [] : [("X-Session-Id", session)];
            using var answer = await _server.Sessions.SendAsync(method, path, json, headers);
            Answers.AddOrUpdate($"{what} {(int)answer.StatusCode}", 1, (_, count) => count + 1);
            var text = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode ? JsonNode.Parse(text) : null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            Unanswered.Enqueue($"{what}: {error.Message}");
            await Pace.PauseAsync(50);
            return null;
        }
    }
}
