using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Tests.Infrastructure;
using static Orchestrator.Tests.Mining.MiningCalls;

namespace Orchestrator.Tests.Mining;

/// <summary>Every call of docs/contract/mining-task.md on the embedded process, over real sockets.</summary>
public sealed partial class MiningEndpointTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HttpClient Pod => _host.Pod;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Document_EveryExample_IsAnsweredToTheLetter()
    {
        await Pod.GetAsync("/task/1", Cancel).AnswersAsync(200,
            """{"round_number":1,"target_difficulty":1.0,"hash_rate":0,"valid_shares":0,"invalid_shares":0}""");
        await Pod.PostAsync("/submission/1", Example().ToJsonString()).AnswersAsync(200, """{"status":"success","valid":true}""");
        await Pod.GetAsync("/task/1", Cancel).AnswersAsync(200,
            """{"round_number":1,"target_difficulty":1.0,"hash_rate":0,"valid_shares":1,"invalid_shares":0}""");

        var audit = await Pod.GetAsync("/audit", Cancel).JsonAsync(200);
        Assert.Equal("""{"total_shares":1,"valid_shares":1,"invalid_shares":0,"unique_workers":1}""", audit["statistics"]!.ToJsonString());
        var share = Assert.Single(audit["recent_shares"]!.AsArray())!.AsObject();
        Assert.Equal(DateTimeOffset.UtcNow, share["timestamp"]!.GetValue<DateTimeOffset>(), TimeSpan.FromMinutes(1));
        share.Remove("timestamp");
        Assert.Equal(
            $$"""{"hash":"{{ValidHash}}","difficulty":1.0,"block_height":1,"worker_id":"worker_1","submission_id":"sub_1","round_number":1,"valid":true}""",
            share.ToJsonString());

        var health = (await Pod.GetAsync("/healthz", Cancel).JsonAsync(200)).AsObject();
        Assert.InRange(health["uptime"]!.GetValue<long>(), 0, 600);
        health.Remove("uptime");
        Assert.Equal("""{"status":"healthy","components":{"miner":true,"metrics":true,"api":true,"share_collection":true}}""", health.ToJsonString());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("9007199254740991")]
    public async Task Round_FirstAndLast_CountTheirShares(string round)
    {
        await Pod.PostAsync($"/submission/{round}", Example("a", valid: false).ToJsonString()).AnswersAsync(200, """{"status":"success","valid":false}""");

        await Pod.GetAsync($"/task/{round}", Cancel).AnswersAsync(200,
            $$"""{"round_number":{{round}},"target_difficulty":1.0,"hash_rate":0,"valid_shares":0,"invalid_shares":1}""");
        await Eventually.TrueAsync(async () => await Pod.GaugeAsync("mining_round") == double.Parse(round, CultureInfo.InvariantCulture), what: "The round in its gauge");
    }

    [Fact]
    public async Task Submit_SameIdAgain_GetsTheFirstAnswerAndIsNotCounted()
    {
        await Pod.PostAsync("/submission/1", Example("a", valid: false).ToJsonString()).AnswersAsync(200, """{"status":"success","valid":false}""");
        await Pod.PostAsync("/submission/2", Example("a", valid: true).ToJsonString()).AnswersAsync(200, """{"status":"success","valid":false}""");

        var audit = await Pod.GetAsync("/audit", Cancel).JsonAsync(200);
        Assert.Equal("""{"total_shares":1,"valid_shares":0,"invalid_shares":1,"unique_workers":1}""", audit["statistics"]!.ToJsonString());
        await Pod.GetAsync("/task/2", Cancel).AnswersAsync(200,
            """{"round_number":2,"target_difficulty":1.0,"hash_rate":0,"valid_shares":0,"invalid_shares":0}""");
    }

    [Fact]
    public async Task Submit_Header_MustHashToTheHash()
    {
        var genesis = KnownBlock.At(0);
        var right = Example("right");
        right["hash"] = genesis.Hash.ToUpperInvariant();
        right["header"] = Convert.ToHexString(genesis.Header());
        var wrong = Example("wrong");
        wrong["hash"] = genesis.Hash;
        wrong["header"] = Convert.ToHexString(KnownBlock.At(1).Header());

        await Pod.PostAsync("/submission/1", right.ToJsonString()).AnswersAsync(200, """{"status":"success","valid":true}""");
        await Pod.PostAsync("/submission/1", wrong.ToJsonString()).AnswersAsync(200, """{"status":"success","valid":false}""");

        var newest = (await Pod.GetAsync("/audit", Cancel).JsonAsync(200))["recent_shares"]!;
        Assert.Equal("wrong", newest[0]!.Text("submission_id"));
        Assert.Equal(right.Text("hash"), newest[1]!.Text("hash"));
        Assert.Equal(right.Text("header"), newest[1]!.Text("header"));
    }

    [Fact]
    public async Task Submit_UnknownFieldsAndAnotherContentType_DoNotMatter()
    {
        var body = Example("a");
        body["note"] = new JsonObject { ["x"] = 1 };

        using var answer = await Pod.PostAsync("/submission/1", new StringContent(body.ToJsonString(), Encoding.UTF8, "text/plain"), Cancel);

        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Pod_PathsThatMiningShares_StayThePods()
    {
        using var health = await Pod.PostAsync("/healthz", null, Cancel);
        Assert.Equal("OK", await health.Content.ReadAsStringAsync(Cancel));
        await Pod.SendAsync(HttpMethod.Delete, "/audit").FailsAsync(405, "METHOD_NOT_ALLOWED");
        await Pod.SendAsync(HttpMethod.Get, "/submission/1").FailsAsync(405, "METHOD_NOT_ALLOWED");
        await _host.Sessions.SendAsync(HttpMethod.Post, "/submission/1", "{}").FailsAsync(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Metrics_AfterSubmissions_AreTheLedgersTotalsByTheirExactNames()
    {
        for (var i = 0; i < 5; i++)
        {
            await Pod.PostAsync("/submission/7", Example($"s{i}", valid: i > 1).ToJsonString()).JsonAsync(200);
        }

        // Asking for a round counts nothing: any page may send a browser there.
        await Pod.GetAsync("/task/9007199254740991", Cancel).JsonAsync(200);

        await Eventually.TrueAsync(async () => await Pod.GaugeAsync("miner_shares_submitted") == 5 && await Pod.GaugeAsync("mining_round") == 7, what: "The new values of the gauges");
        Assert.Equal(3, await Pod.GaugeAsync("miner_valid_shares"));
        Assert.Equal(2, await Pod.GaugeAsync("miner_invalid_shares"));
        Assert.Equal(0, await Pod.GaugeAsync("miner_hash_rate"));
        Assert.InRange((await Pod.GaugeAsync("miner_cpu_usage"))!.Value, 0, 100);
        Assert.InRange((await Pod.GaugeAsync("miner_memory_usage"))!.Value, 20, 20_000);
    }

    [Fact]
    public async Task Ledger_OutOfReach_Is503AndHealthSaysSo()
    {
        _host.Get<SqliteDatabase>().Dispose();

        using (var answer = await Pod.PostAsync("/submission/1", Example().ToJsonString()))
        {
            Assert.Equal((503, true), ((int)answer.StatusCode, answer.Headers.RetryAfter is not null));
        }

        await Pod.GetAsync("/task/1", Cancel).FailsAsync(503, "STORE_UNAVAILABLE");
        await Pod.GetAsync("/audit", Cancel).FailsAsync(503, "STORE_UNAVAILABLE");
        var health = await Pod.GetAsync("/healthz", Cancel).JsonAsync(503);
        Assert.Equal("unhealthy", health.Text("status"));
        Assert.False(health["components"]!["share_collection"]!.GetValue<bool>());
        await Eventually.TrueAsync(async () => await Pod.GaugeAsync("miner_shares_submitted") is null, what: "The absence of gauges that nobody knows");
    }

    [Fact]
    public async Task MetricsReader_Stopped_HealthSaysSo()
    {
        await _host.Get<MiningGauges>().StopAsync(Cancel);

        var health = await Pod.GetAsync("/healthz", Cancel).JsonAsync(503);

        Assert.False(health["components"]!["metrics"]!.GetValue<bool>());
        Assert.True(health["components"]!["share_collection"]!.GetValue<bool>());
    }

    [Fact]
    public async Task TaskProcessor_Stopped_HealthSaysSo()
    {
        await _host.Get<TaskProcessor>().StopAsync(Cancel);

        var health = await Pod.GetAsync("/healthz", Cancel).JsonAsync(503);

        Assert.False(health["components"]!["miner"]!.GetValue<bool>());
        Assert.True(health["components"]!["metrics"]!.GetValue<bool>());
    }
}
