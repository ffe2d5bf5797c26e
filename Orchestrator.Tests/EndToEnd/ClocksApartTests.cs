using System.Diagnostics;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Two servers and a worker on one real engine and one real Redis, each with another time of day.</summary>
[Collection(OnTheEngine.Name)]
public sealed class ClocksApartTests : IAsyncLifetime
{
    private const double LeaseSeconds = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RedisServer? _redis;
    private ApiServer? _ahead;
    private ApiServer? _behind;
    private ProgramProcess? _worker;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartNewAsync();
        string[] settings =
        [
            "--Runners:LeaderSeconds=5", "--CLEANUP_INTERVAL_SECONDS=0.5", "--Runners:ReconcileIntervalSeconds=0.5", "--Runners:OrphanGraceSeconds=2",
            $"--INACTIVITY_TIMEOUT_SECONDS={LeaseSeconds}", "--Runners:MinIdle=1", $"--ConnectionStrings:redis={_redis.ConnectionString}",
        ];
        _ahead = await ApiServer.StartAsync(await SkewedClock.VariablesAsync(TimeSpan.FromMinutes(10)), settings);
        await Eventually.TrueAsync(() => Leads(_ahead), Patience, "A leader");
        _behind = await _ahead.StartAnotherAsync(await SkewedClock.VariablesAsync(TimeSpan.FromMinutes(-10)), settings);
        _worker = await ProgramProcess.StartAsync(
            "Orchestrator.Worker",
            [
                .. await SkewedClock.VariablesAsync(TimeSpan.FromHours(1)),
                ("ASPNETCORE_ENVIRONMENT", "Development"), ("POD_PORT", "0"), ("ConnectionStrings__redis", _redis.ConnectionString),
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        await using var redis = _redis;
        await using var worker = _worker;
        ApiServer[] servers = [.. new[] { _behind, _ahead }.OfType<ApiServer>()];
        foreach (var server in servers)
        {
            await server.EndAsync();
        }

        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    [Fault("clocks-apart", "clock", "the wall clocks of two instances are twenty minutes apart, and the leader is killed", "live sessions keep their one runner, silent ones expire on time")]
    public async Task Sessions_OfBoth_LiveAndEndByOneClock()
    {
        var (ahead, behind) = (_ahead!, _behind!);
        await Eventually.TrueAsync(async () => (await behind.RunnersAsync()).Any(runner => runner.State == "idle"), Patience, "An idle runner");
        Assert.InRange(TimeOf(ahead) - TimeOf(behind), TimeSpan.FromMinutes(18), TimeSpan.FromMinutes(22));
        var live = await ahead.ProvisionAsync("live");
        var silence = Stopwatch.StartNew();
        await LiveWhileAsync(Task.WhenAll(ahead.ProvisionAsync("silent-ahead"), behind.ProvisionAsync("silent-behind")));

        await EndsAsync("silent-ahead", ahead, behind);
        await EndsAsync("silent-behind", behind, ahead);
        Assert.Equal(live.Text("runnerId"), (await behind.ProvisionAsync("live", 200)).Text("runnerId"));

        await ahead.KillAsync();
        await Eventually.TrueAsync(async () => await BeatAsync(behind) && Leads(behind), Patience, "Another leader");
        silence.Restart();
        await LiveWhileAsync(behind.ProvisionAsync("silent-later"));
        await EndsAsync("silent-later", behind, behind);

        Assert.Equal("alive\n", (await behind.ExecAsync("live", "echo alive")).Text("stdout"));
        Assert.Equal(live.Text("runnerId"), (await behind.ProvisionAsync("live", 200)).Text("runnerId"));
        await Eventually.TrueAsync(
            async () => await BeatAsync(behind) && (await behind.Containers.ListAsync()).Count == 2, Patience, "One runner in use and one idle");

        async Task EndsAsync(string session, ApiServer one, ApiServer other)
        {
            while (await one.FindAsync(session) is not null)
            {
                Assert.True(silence.Elapsed < Patience, $"{session} outlives its lease.");
                Assert.True(await BeatAsync(one) && await BeatAsync(other));
                await Pace.PauseAsync(200, Cancel);
            }

            Assert.True(silence.Elapsed > TimeSpan.FromSeconds(LeaseSeconds), $"{session} ended after {silence.Elapsed}.");
            Assert.Null(await other.FindAsync(session));
        }

        // A cold provision may take about as long as a lease when the engine is busy.
        async Task LiveWhileAsync(Task task)
        {
            while (!task.IsCompleted)
            {
                Assert.True(await BeatAsync(behind));
                await Task.WhenAny(task, Pace.PauseAsync(200, Cancel));
            }

            await task;
        }

        static async Task<bool> BeatAsync(ApiServer server) => await server.HeartbeatAsync("live") == 200;
    }

    [Fact]
    [Fault("clocks-apart-tasks", "clock", "the wall clocks of two instances and a worker are more than an hour apart", "each task runs once; a scheduled one neither early nor late")]
    public async Task Tasks_OfBoth_AreDoneOnceAndInTime()
    {
        var (ahead, behind) = (_ahead!.Sessions, _behind!.Sessions);
        var due = DateTimeOffset.UtcNow.AddSeconds(4);
        var later = await behind.PostAsync(
            "/task", $$$"""{"type":"add","input":{"a":20,"b":22},"run_at":"{{{due:yyyy-MM-ddTHH:mm:ss.fffZ}}}"}""").JsonAsync(202);

        var tasks = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
            (i, (await (i % 2 == 0 ? ahead : behind).PostAsync($"/task?a={i}&b=1", null).JsonAsync(202)).Text("task_id"))));
        foreach (var (i, id) in tasks)
        {
            // Asked where it was not taken in.
            var end = await EndOfAsync(i % 2 == 0 ? behind : ahead, id);
            Assert.Equal((i + 1, 1), (end["result"]!.GetValue<int>(), end["attempts"]!.GetValue<int>()));
        }

        Assert.Equal(42, (await EndOfAsync(ahead, later.Text("task_id")))["result"]!.GetValue<int>());
        Assert.InRange(DateTimeOffset.UtcNow, due, due.Add(Patience));
    }

    private static async Task<JsonNode> EndOfAsync(HttpClient client, string id)
    {
        JsonNode status = null!;
        await Eventually.TrueAsync(
            async () => (status = await client.GetAsync($"/tasks/{id}/status", Cancel).JsonAsync(200)).Text("status") == "complete", Patience, "The end of a task");
        return status;
    }

    private static bool Leads(ApiServer server) => server.Said.Any(line => line.Contains("Leading ", StringComparison.Ordinal));

    // Of its first line, as it sees the time.
    private static DateTime TimeOf(ApiServer server) =>
        server.Said.Select(line => DateTime.TryParse(line.Split(' ')[0], out var time) && line.Contains('Z', StringComparison.Ordinal) ? time : default)
            .First(time => time != default);
}
