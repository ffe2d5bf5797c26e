using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>
/// Two API processes and three worker processes on one real Redis, killed at random while they work. The figure of the
/// issue is reached with <c>ORCHESTRATOR_CRASH_TASKS=20000</c>.
/// </summary>
public sealed class TaskCrashTests : IAsyncLifetime
{
    private const int LargestNumber = 400;

    // Work comes in slowly until that many were killed, and the last tenth of it not before, so that every kill hits some.
    private const int KillsWhileSubmitting = 5;
    private const int KillsBeforeRedis = 3;

    private static readonly int TaskCount = int.Parse(
        Environment.GetEnvironmentVariable("ORCHESTRATOR_CRASH_TASKS") ?? "2000", CultureInfo.InvariantCulture);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(15) };
    private readonly ProgramProcess?[] _workers = new ProgramProcess?[3];
    private readonly ProgramProcess?[] _apis = new ProgramProcess?[2];
    private readonly TaskCompletionSource _killedEnough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RedisServer _redis = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartNewAsync();
        for (var i = 0; i < _apis.Length; i++)
        {
            _apis[i] = await StartApiAsync(i);
        }

        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = await StartWorkerAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _workers.Concat(_apis).OfType<ProgramProcess>())
        {
            await process.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        _client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [Fault("worker-killed", "worker", "workers, then APIs and Redis too, are killed at random with tasks running", "every acknowledged task completes once, with the right result")]
    public async Task Tasks_ProcessesKilledAtRandom_EndCompleteOnce(bool apis, bool redis)
    {
        var random = new Random(20_26);
        var submitting = SubmitAllAsync();
        var redisKilled = !redis;
        var kills = 0;
        while (!submitting.IsCompleted)
        {
            // Any moment is one to be killed at.
            await Pace.PauseAsync(random.Next(200, 1_200), Cancel);
            var at = random.Next(_workers.Length);
            await _workers[at]!.DisposeAsync();
            kills++;
            if (apis && kills % 2 == 0)
            {
                var api = random.Next(_apis.Length);
                await _apis[api]!.DisposeAsync();
                _apis[api] = await StartApiAsync(api);
            }

            if (!redisKilled && kills == KillsBeforeRedis)
            {
                _redis.Kill();
                // Long enough for every process to notice, which none of them shows.
                await Task.Delay(500, Cancel);
                await _redis.StartAsync();
                redisKilled = true;
            }

            _workers[at] = await StartWorkerAsync();
            if (kills == KillsWhileSubmitting)
            {
                _killedEnough.SetResult();
            }
        }

        await submitting;
        Assert.True(redisKilled);
        Assert.InRange(kills, KillsWhileSubmitting, int.MaxValue);
        Assert.Equal(TaskCount, _asked.Count);

        var ends = new ConcurrentDictionary<string, (string HandledBy, string FinishedAt)>();
        await Parallel.ForEachAsync(_asked, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (asked, _) =>
        {
            var status = await EndOfAsync(asked.Key);
            Assert.Equal(("complete", FibonacciHandler.Compute(asked.Value, Cancel)), (status.Text("status"), BigInteger.Parse(status["result"]!.ToString(), CultureInfo.InvariantCulture)));
            ends[asked.Key] = (status.Text("handled_by"), status.Text("finished_at"));
        });

        // What has ended stays as it ended, and nothing else is in the queue.
        await Parallel.ForEachAsync(ends, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (end, _) =>
        {
            var status = await EndOfAsync(end.Key);
            Assert.Equal(end.Value, (status.Text("handled_by"), status.Text("finished_at")));
        });
        foreach (var state in (string[])["pending", "running", "failed"])
        {
            Assert.Equal(0, await CountAsync(state));
        }

        TestContext.Current.SendDiagnosticMessage("{0} tasks, {1} workers killed", TaskCount, kills);
    }

    // As a careful caller does: one key for each wish, and the same again when there was no answer.
    private Task SubmitAllAsync() => Parallel.ForEachAsync(
        Enumerable.Range(0, TaskCount),
        new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel },
        async (number, _) =>
        {
            var n = number % LargestNumber;
            if (number >= TaskCount - (TaskCount / 10))
            {
                await _killedEnough.Task.WaitAsync(Cancel);
            }
            else if (!_killedEnough.Task.IsCompleted)
            {
                // The pace at which work comes.
                await Pace.PauseAsync(60, Cancel);
            }

            var body = $$"""{"type":"fibonacci","input":{"n":{{n}}},"idempotency_key":"wish-{{number}}","max_attempts":100}""";
            for (var attempt = 0; ; attempt++)
            {
                if (await TryAsync(number + attempt, async api =>
                    {
                        using var response = await _client.PostAsync(new Uri(api, "/task"), new StringContent(body), Cancel);
                        return (int)response.StatusCode == 202 ? JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel)) : null;
                    }) is { } accepted)
                {
                    _asked[accepted.Text("task_id")] = n;
                    return;
                }

                Assert.True(attempt < 600, "Nobody took the task in.");
                await Pace.PauseAsync(100, Cancel);
            }
        });

    private async Task<JsonNode> EndOfAsync(string id)
    {
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () =>
            {
                status = await GetAsync($"/tasks/{id}/status");
                return status?.Text("status") is "complete" or "failed";
            },
            TimeSpan.FromMinutes(3),
            $"The end of {id}");
        return status!;
    }

    private async Task<int> CountAsync(string state)
    {
        JsonNode? list = null;
        await Eventually.TrueAsync(async () => (list = await GetAsync($"/tasks?status={state}&limit=1000")) is not null);
        var listed = list!["tasks"]!.AsArray().Count;
        return listed;
    }

    private Task<JsonNode?> GetAsync(string path) => TryAsync(Random.Shared.Next(2), async api =>
    {
        using var response = await _client.GetAsync(new Uri(api, path), Cancel);
        return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel)) : null;
    });

    private async Task<JsonNode?> TryAsync(int api, Func<Uri, Task<JsonNode?>> call)
    {
        try
        {
            return _apis[api % _apis.Length] is { } process ? await call(process.AddressOf("sessions")) : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !Cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    private Task<ProgramProcess> StartWorkerAsync() => ProgramProcess.StartAsync(
        "Orchestrator.Worker",
        ("POD_PORT", "0"), ("ConnectionStrings__redis", _redis.ConnectionString),
        ("Tasks__VisibilitySeconds", "2"), ("Tasks__Slots", "8"), ("Tasks__IdlePollSeconds", "1"), ("Logging__LogLevel__Default", "Error"));

    private Task<ProgramProcess> StartApiAsync(int number) => ProgramProcess.StartAsync(
        "Orchestrator.Api",
        ("ASPNETCORE_ENVIRONMENT", "Development"), ("Engine", "process"), ("PORT", "0"), ("MACHINES_PORT", "0"),
        ("Storage__DataFolder", Path.Combine(_folder.Path, $"api-{number}")), ("Runners__Instance", $"crash-{Port()}-{number}"),
        ("Runners__MinIdle", "0"), ("Machines__MinIdle", "0"),
        ("ConnectionStrings__redis", _redis.ConnectionString), ("Logging__LogLevel__Default", "Error"));

    private int Port() => _redis.Port;
}
