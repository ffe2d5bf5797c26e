using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Two servers on one real engine and one real Redis.</summary>
[Collection(OnTheEngine.Name)]
public sealed class TwoServersTests : IAsyncLifetime
{
    private static readonly string[] Hasty =
    [
        "--Runners:LeaderSeconds=5", "--CLEANUP_INTERVAL_SECONDS=0.5", "--Runners:ReconcileIntervalSeconds=0.5", "--Runners:OrphanGraceSeconds=2",
        "--Redis:CallTimeoutSeconds=1",
    ];

    private RedisServer? _redis;
    private ApiServer _a = null!;
    private ApiServer _b = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartNewAsync();

    public async ValueTask DisposeAsync()
    {
        // Both end before anything is cleaned up, or the one would make good what was taken from the other.
        ApiServer[] servers = [.. new[] { _b, _a }.OfType<ApiServer>()];
        await using var redis = _redis;
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
    public async Task Session_OfBoth_IsOneRunnerWhereverItIsAskedFor()
    {
        await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            using var answer = await (i % 2 == 0 ? _a : _b).Sessions.PostAsync("/api/runner/provision", """{"sessionId":"crowd"}""");
            return ((int)answer.StatusCode, await Task.FromResult(answer).JsonAsync((int)answer.StatusCode));
        }));

        Assert.Equal([.. Enumerable.Repeat(200, 19), 201], answers.Select(answer => answer.Item1).Order());
        Assert.Single(answers.Select(answer => answer.Item2.Text("runnerId")).Distinct());
        Assert.Single(answers.Select(answer => answer.Item2.Text("token")).Distinct());
        Assert.Single(await _a.Containers.ListAsync());
        await LiveCalls.AnswersHttpAsync(answers[0].Item2.Text("endpoint"));

        // Made at the one, it is found, used and given back at the other.
        var made = await _a.ProvisionAsync("made-at-a");
        Assert.Equal(made.Text("runnerId"), (await _b.ProvisionAsync("made-at-a", 200)).Text("runnerId"));
        Assert.Equal(200, await _b.HeartbeatAsync("made-at-a"));
        Assert.Equal("42\n", (await _b.ExecAsync("made-at-a", "echo $((6*7))")).Text("stdout"));
        Assert.Equal((await _a.RunnersAsync()).Select(runner => runner.Id), (await _b.RunnersAsync()).Select(runner => runner.Id));
        Assert.Equal(200, await _b.DeprovisionAsync("made-at-a"));
        Assert.Equal(404, await _a.HeartbeatAsync("made-at-a"));
        Assert.Equal(404, await _a.DeprovisionAsync("made-at-a"));
        Assert.Single(await _a.Containers.ListAsync());

        var machine = await _a.Machines.GetAsync("/project", Cancel).JsonAsync(200);
        Assert.Equal(machine.ToJsonString(), (await _b.Machines.GetAsync("/project", Cancel).JsonAsync(200)).ToJsonString());
    }

    [Fact]
    [Fault("leader-killed", "API", "the leader of two instances is killed", "the other takes over: expired leases are reaped, live ones kept")]
    public async Task Leader_Killed_TheOtherTakesOverReapsAndMakesWhatWasHalfMade()
    {
        await StartAsync("--INACTIVITY_TIMEOUT_SECONDS=5", "--Runners:MinIdle=1");
        await Eventually.TrueAsync(async () => (await _b.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "An idle runner");
        var silent = await _a.ProvisionAsync("silent");
        var beating = await _b.ProvisionAsync("beating");

        // Killed while it makes a runner, by its owner's own wish from nothing.
        const string HalfMade = """{"sessionId":"half-made","networkMode":"none"}""";
        var lost = _a.Sessions.PostAsync("/api/runner/provision", HalfMade);
        await Eventually.TrueAsync(
            async () => (await _b.RunnersAsync()).Any(runner => runner.Owner?.Id == "half-made"), TimeSpan.FromSeconds(60), "A runner being made");
        await _a.KillAsync();
        await lost.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default);
        var inherited = _b.Sessions.PostAsync("/api/runner/provision", HalfMade);

        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal(200, await _b.HeartbeatAsync("beating"));
                return inherited.IsCompleted;
            },
            TimeSpan.FromSeconds(120),
            "A runner for the session whose maker died");
        using (var answer = await inherited)
        {
            Assert.True((int)answer.StatusCode is 200 or 201, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}");
        }

        Assert.Equal("alive\n", (await _b.ExecAsync("half-made", "echo alive")).Text("stdout"));
        Assert.Single(await _b.Containers.OfSessionAsync("half-made"));

        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal(200, await _b.HeartbeatAsync("beating"));
                return Leads(_b) && await _b.FindAsync("silent") is null && await _b.FindAsync("half-made") is null;
            },
            TimeSpan.FromSeconds(60),
            "Another leader, and the end of the leases that nobody keeps");
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal(200, await _b.HeartbeatAsync("beating"));
                return (await _b.RunnersAsync()).Count(runner => runner.State == "idle") == 1 && (await _b.Containers.ListAsync()).Count == 2;
            },
            TimeSpan.FromSeconds(60),
            "A pool that is filled again");
        Assert.NotEqual(silent.Text("runnerId"), beating.Text("runnerId"));
        Assert.Equal(beating.Text("runnerId"), (await _b.ProvisionAsync("beating", 200)).Text("runnerId"));

        // Back again, the one that was killed takes calls.
        var starting = _a.StartAgainAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal(200, await _b.HeartbeatAsync("beating"));
                return starting.IsCompleted;
            },
            TimeSpan.FromSeconds(60),
            "The start of the one that was killed");
        await starting;
        Assert.Equal(beating.Text("runnerId"), (await _a.ProvisionAsync("beating", 200)).Text("runnerId"));
    }

    [Fact]
    [Fault("leader-paused", "API", "the leader of two instances is stopped past its term, then resumed", "its stale writes are refused; nothing is lost")]
    public async Task Leader_PausedPastItsTermAndResumed_ChangesNothing()
    {
        await StartAsync("--INACTIVITY_TIMEOUT_SECONDS=20", "--Runners:MinIdle=1");
        await Eventually.TrueAsync(async () => (await _b.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "An idle runner");
        var kept = await _a.ProvisionAsync("kept");

        await _a.SignalAsync("STOP");
        await Eventually.TrueAsync(() => Leads(_b), TimeSpan.FromSeconds(60), "Another leader");
        var fresh = await _b.ProvisionAsync("fresh");
        await Eventually.TrueAsync(
            async () => await BeatAsync() && (await _b.RunnersAsync()).Count(runner => runner.State == "idle") == 1,
            TimeSpan.FromSeconds(60),
            "A pool that is filled again");
        var before = (await _b.RunnersAsync()).Select(runner => (runner.Id, runner.State, runner.Owner?.Id)).Order().ToList();
        await _a.SignalAsync("CONT");

        await Eventually.TrueAsync(async () => await BeatAsync() && Lost(_a), TimeSpan.FromSeconds(60), "The old leader's knowledge that its term is over");

        // For as long as several of its sweeps and looks take.
        for (var until = DateTime.UtcNow.AddSeconds(3); DateTime.UtcNow < until; await Pace.PauseAsync(200, Cancel))
        {
            Assert.True(await BeatAsync());
        }

        Assert.Equal(before, (await _a.RunnersAsync()).Select(runner => (runner.Id, runner.State, runner.Owner?.Id)).Order());
        Assert.Equal(3, (await _a.Containers.ListAsync()).Count);
        Assert.Equal(kept.Text("runnerId"), (await _a.ProvisionAsync("kept", 200)).Text("runnerId"));
        Assert.Equal(fresh.Text("runnerId"), (await _a.ProvisionAsync("fresh", 200)).Text("runnerId"));

        async Task<bool> BeatAsync() => await _b.HeartbeatAsync("kept") == 200 && await _b.HeartbeatAsync("fresh") == 200;
    }

    [Fact]
    [Fault("redis-restarted-runners", "store", "Redis is restarted, then flushed, under two instances with runners", "sessions keep their runners")]
    public async Task Redis_RestartedAndThenFlushed_NothingIsLost()
    {
        await StartAsync("--INACTIVITY_TIMEOUT_SECONDS=300", "--Runners:MinIdle=1");
        await Eventually.TrueAsync(async () => (await _b.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "An idle runner");
        var warm = await _a.ProvisionAsync("was_warm:1");
        var cold = await _b.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"was-cold","networkMode":"none"}""").JsonAsync(201);
        await Eventually.TrueAsync(async () => (await _a.Containers.ListAsync()).Any(c => c.Names.Any(
            name => name.StartsWith($"/{warm.Text("runnerId")}.", StringComparison.Ordinal))), what: "The warm runner's name");
        await Eventually.TrueAsync(async () => (await _b.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "A refill");
        var before = await _a.Containers.IdsAsync();

        _redis!.Kill();
        foreach (var server in new[] { _a, _b })
        {
            var answers = await Task.WhenAll(new[] { "provision", "heartbeat", "deprovision" }.Select(
                path => server.Sessions.PostAsync($"/api/runner/{path}", """{"sessionId":"was_warm:1"}""")));
            Assert.All(answers, answer =>
            {
                Assert.Equal(503, (int)answer.StatusCode);
                Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
                answer.Dispose();
            });

            using var ready = await server.Sessions.GetAsync("/ready", Cancel);
            Assert.Equal(503, (int)ready.StatusCode);
        }

        await _redis.StartAsync();
        foreach (var server in new[] { _a, _b })
        {
            await Eventually.TrueAsync(async () => await server.HeartbeatAsync("was_warm:1") == 200, TimeSpan.FromSeconds(60), "Redis again");
            Assert.Equal(warm.Text("token"), (await server.ProvisionAsync("was_warm:1", 200)).Text("token"));
            Assert.Equal(cold.Text("token"), (await server.ProvisionAsync("was-cold", 200)).Text("token"));
        }

        Assert.Equal("alive\n", (await _a.ExecAsync("was-cold", "echo alive")).Text("stdout"));
        Assert.Equal(before, await _a.Containers.IdsAsync());

        await _redis.FlushAsync();
        foreach (var server in new[] { _a, _b })
        {
            await Eventually.TrueAsync(
                async () => await server.FindAsync("was_warm:1") is not null && await server.FindAsync("was-cold") is not null,
                TimeSpan.FromSeconds(60), "Sessions that are told by their containers");
            Assert.Equal(warm.Text("runnerId"), (await server.ProvisionAsync("was_warm:1", 200)).Text("runnerId"));
            Assert.Equal(200, await server.HeartbeatAsync("was-cold"));
        }

        Assert.Equal("alive\n", (await _b.ExecAsync("was_warm:1", "echo alive")).Text("stdout"));
    }

    private static bool Leads(ApiServer server) =>
        server.Said.LastOrDefault(line => line.Contains("Leading ", StringComparison.Ordinal) || IsLoss(line)) is { } last && !IsLoss(last);

    private static bool Lost(ApiServer server) => server.Said.Any(IsLoss);

    private static bool IsLoss(string line) => line.Contains("lost leadership of", StringComparison.OrdinalIgnoreCase);

    // The first one leads.
    private async Task StartAsync(params string[] settings)
    {
        string[] all = [.. Hasty, $"--ConnectionStrings:redis={_redis!.ConnectionString}", .. settings];
        _a = await ApiServer.StartAsync(all);
        await Eventually.TrueAsync(() => Leads(_a), TimeSpan.FromSeconds(60), "A leader");
        _b = await _a.StartAnotherAsync(all);
    }
}
