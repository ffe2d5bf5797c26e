using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary><c>GET /api/overview</c>.</summary>
public sealed class OverviewTests
{
    private static readonly string[] Parts = ["engine", "store", "queue", "workers", "ledger"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Overview_AllIsWell_TellsPartsPoolsTasksAndShares()
    {
        await using var api = await ApiHost.StartAsync("--MAX_CONCURRENT_RUNNERS=7", "--INACTIVITY_TIMEOUT_SECONDS=90");
        var token = (await api.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"seen"}""").JsonAsync(201)).Text("token");
        await api.Sessions.PostAsync("/task", """{"a":1,"b":2}""").JsonAsync(202);
        await api.Pod.PostAsync("/submission/5",
            $$"""{"hash":"{{new string('0', 64)}}","difficulty":1.0,"block_height":1,"worker_id":"w","submission_id":"s"}""").JsonAsync(200);
        await Eventually.TrueAsync(async () => Count(await ReadAsync(api), "add", "complete") == 1);

        var overview = await ReadAsync(api);

        Assert.Equal("embedded", overview.Text("mode"));
        Assert.All(Parts, part => Assert.Equal("up", overview["health"]![part]!.Text("state")));
        var pool = overview["pools"]!.AsArray().Single(one => one!.Text("template") == "session")!;
        Assert.Equal((1, 0, 0), ((int)pool["leased"]!, (int)pool["idle"]!, (int)pool["minIdle"]!));
        Assert.Equal((7, 90), ((int)pool["maxLeased"]!, (int)pool["leaseSeconds"]!));
        Assert.Null(overview["pools"]!.AsArray().Single(one => one!.Text("template") == "machine")!["leaseSeconds"]);
        Assert.Equal((await api.Sessions.GetAsync("/whoami", Cancel).JsonAsync(200)).GetValue<string>(), overview.Text("instance"));
        Assert.True((int)overview["workers"]![0]!["slots"]! > 0);
        Assert.Equal((5, 1, 1, 1), ((int)overview["mining"]!["round"]!, (int)overview["mining"]!["validShares"]!,
            (int)overview["mining"]!["roundValidShares"]!, (int)overview["mining"]!["uniqueWorkers"]!));
        Assert.Equal("w", overview["mining"]!["recentShares"]![0]!.Text("workerId"));
        Assert.InRange(overview["now"]!.GetValue<DateTimeOffset>(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.DoesNotContain(token, overview.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "healthy")]
    [InlineData(false, "degraded")]
    public async Task Overview_AndReady_TellWhetherTheEngineIsolates(bool isolated, string health)
    {
        await using var api = await ApiHost.StartAsync();
        api.Engine.Capabilities = api.Engine.Capabilities with { Isolated = isolated };

        Assert.Equal(isolated, (bool)(await ReadAsync(api))["health"]!["engine"]!["isolated"]!);
        var ready = await api.Sessions.GetAsync("/ready", Cancel).JsonAsync(200);
        Assert.Contains(health, ready.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("ready", ready.Text("status"));
    }

    [Fact]
    public async Task Overview_NamedTemplate_IsAPoolOfItsOwn()
    {
        await using var api = await ApiHost.StartAsync("--Templates:python:MinIdle=2", "--Templates:bash:MinIdle=1");
        await Eventually.TrueAsync(() => api.Engine.Runners.Count == 3);

        var pools = (await ReadAsync(api))["pools"]!.AsArray();

        Assert.Equal(["session", "machine", "bash", "python"], pools.Select(pool => pool!.Text("template")));
        Assert.Equal([0, 0, 1, 2], pools.Select(pool => (int)pool!["idle"]! + (int)pool["creating"]!));
        Assert.Equal(
            ["bash", "python", "python"],
            (await api.Sessions.GetAsync("/api/runner", Cancel).JsonAsync(200))["runners"]!.AsArray().Select(runner => runner!.Text("template")).Order());
    }

    [Fact]
    public async Task Overview_EngineGone_TellsThatAndTheRest()
    {
        await using var api = await ApiHost.StartAsync();
        api.Engine.Available = false;

        var overview = await ReadAsync(api);

        Assert.Equal("down", overview["health"]!["engine"]!.Text("state"));
        Assert.Equal("up", overview["health"]!["store"]!.Text("state"));
        Assert.NotNull(overview["pools"]);
        api.Engine.Available = true;
        Assert.Equal("up", (await ReadAsync(api))["health"]!["engine"]!.Text("state"));
    }

    [Fact]
    public async Task Overview_EngineHangs_AnswersNevertheless()
    {
        await using var api = await ApiHost.StartAsync();
        var hangs = new TaskCompletionSource();
        api.Engine.Before = call => call == "ping" ? hangs.Task : Task.CompletedTask;

        var overview = await ReadAsync(api);

        hangs.SetResult();
        Assert.Equal("down", overview["health"]!["engine"]!.Text("state"));
        Assert.Equal("up", overview["health"]!["ledger"]!.Text("state"));
    }

    [Fact]
    public async Task Overview_WorkersElsewhere_AreListedWhileTheyAreThere()
    {
        var redis = await RedisServer.StartNewAsync();
        try
        {
            await using var api = await ApiHost.StartAsync($"--ConnectionStrings:redis={redis.ConnectionString}");
            var alone = await ReadAsync(api);
            Assert.Empty(alone["workers"]!.AsArray());
            Assert.Equal("down", alone["health"]!["workers"]!.Text("state"));
            await using (await WorkerHost.StartAsync(redis.ConnectionString, "--Tasks:Slots=3", $"--Tasks:ApiUrl={api.Sessions.BaseAddress}"))
            {
                await Eventually.TrueAsync(async () => (await ReadAsync(api))["workers"]!.AsArray().Count == 1);
                var overview = await ReadAsync(api);
                Assert.Equal(3, (int)overview["workers"]![0]!["slots"]!);
                Assert.Equal("up", overview["health"]!["workers"]!.Text("state"));
                Assert.Equal(0, (double)overview["mining"]!["hashRate"]!);
            }

            Assert.Empty((await ReadAsync(api))["workers"]!.AsArray());
        }
        finally
        {
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task Overview_SharedStoreGone_TellsWhatIsInItAsDownTheEngineAsUp()
    {
        var redis = await RedisServer.StartNewAsync();
        try
        {
            await using var api = await ApiHost.StartAsync($"--ConnectionStrings:redis={redis.ConnectionString}");
            await api.Sessions.PostAsync("/task", """{"a":1,"b":2}""").JsonAsync(202);
            var before = await ReadAsync(api);
            Assert.Equal("distributed", before.Text("mode"));
            Assert.Equal(1, Count(before, "add", "pending"));
            Assert.Equal("up", before["health"]!["queue"]!.Text("state"));

            redis.Kill();

            var after = await ReadAsync(api);
            Assert.Equal("down", after["health"]!["queue"]!.Text("state"));
            Assert.Equal("down", after["health"]!["ledger"]!.Text("state"));
            Assert.Equal("down", after["health"]!["store"]!.Text("state"));
            Assert.Equal("redis", after["health"]!["store"]!.Text("kind"));
            Assert.Equal("up", after["health"]!["engine"]!.Text("state"));
            Assert.Null(after["pools"]);
            Assert.Equal("unknown", after["health"]!["workers"]!.Text("state"));
            Assert.Null(after["tasks"]);
            Assert.Null(after["mining"]);
        }
        finally
        {
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task Links_Configured_AreTold()
    {
        await using var api = await ApiHost.StartAsync("--Links:Grafana=http://localhost:3000/d/1", "--Links:Dashboard= ");

        var links = (await ReadAsync(api))["links"]!;

        Assert.Equal("http://localhost:3000/d/1", links.Text("grafana"));
        Assert.Null(links["prometheus"]);
        Assert.Null(links["dashboard"]);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("localhost:3000")]
    [InlineData("/grafana")]
    public async Task Links_NoHttpAddress_StopTheStart(string link)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ApiHost.StartAsync($"--Links:Grafana={link}"));

        Assert.Contains("Links:Grafana", error.Message, StringComparison.Ordinal);
    }

    private static Task<JsonNode> ReadAsync(ApiHost api) => api.Sessions.GetAsync("/api/overview", Cancel).JsonAsync(200);

    private static long? Count(JsonNode overview, string type, string state) => overview["tasks"]!.AsArray()
        .FirstOrDefault(one => one!.Text("type") == type && one!.Text("state") == state)?["count"]!.GetValue<long>();
}
