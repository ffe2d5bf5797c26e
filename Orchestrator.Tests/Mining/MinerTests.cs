using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;
using static Orchestrator.Tests.Mining.MiningCalls;

namespace Orchestrator.Tests.Mining;

/// <summary>The miner of whole workers: real work at a low difficulty.</summary>
public sealed class MinerTests : IDisposable
{
    // About 400,000 hashes for a share.
    private const string Easy = "--Mining:TargetDifficulty=0.0001";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Miner_TwoWorkersOnRedis_FindSharesAndEverybodyAgreesAboutThem()
    {
        await using var redis = await RedisServer.StartNewAsync();
        string[] settings = [Easy, "--Mining:Enabled=true"];
        await using var one = await ServerProgram.StartWorkerAsync(redis.ConnectionString, [.. settings, "--Mining:WorkerId=one"]);
        await using var two = await ServerProgram.StartWorkerAsync(redis.ConnectionString, [.. settings, "--Mining:WorkerId=two"]);

        // Both mine the newest round that was submitted to.
        await one.Pod.PostAsync("/submission/5", Example().ToJsonString()).JsonAsync(200);
        await Eventually.TrueAsync(async () => (await StatisticsAsync(one.Pod))["unique_workers"]!.GetValue<int>() == 3, what: "A share of both");
        await Eventually.TrueAsync(async () => await FoundAsync(one.Pod, 5) > 2, what: "Shares of round 5");

        foreach (var pod in (HttpClient[])[one.Pod, two.Pod])
        {
            Assert.True((await pod.GetAsync("/task/5", Cancel).JsonAsync(200))["hash_rate"]!.GetValue<long>() > 10_000);
            Assert.True(await pod.GaugeAsync("miner_hash_rate") > 10_000);
            Assert.Equal("healthy", (await pod.GetAsync("/healthz", Cancel).JsonAsync(200)).Text("status"));
        }

        // Nothing more is found once the miners are gone, so that all figures can be compared.
        one.Kill();
        two.Kill();
        await using var idle = await ServerProgram.StartWorkerAsync(redis.ConnectionString, Easy);
        var statistics = await StatisticsAsync(idle.Pod);
        var valid = statistics["valid_shares"]!.GetValue<long>();
        Assert.Equal(0, statistics["invalid_shares"]!.GetValue<long>());
        Assert.Equal(valid, statistics["total_shares"]!.GetValue<long>());
        Assert.Equal(valid, await FoundAsync(idle.Pod, 0) + await FoundAsync(idle.Pod, 5));
        await Eventually.TrueAsync(async () => await idle.Pod.GaugeAsync("miner_valid_shares") == valid, what: "The metrics' agreement");
        Assert.Equal(valid, await idle.Pod.GaugeAsync("miner_shares_submitted"));
        Assert.Equal(5, await idle.Pod.GaugeAsync("mining_round"));
        foreach (var share in (await idle.Pod.GetAsync("/audit", Cancel).JsonAsync(200))["recent_shares"]!.AsArray().Where(share => share!.Text("worker_id") != "worker_1"))
        {
            HoldsUp(share!);
        }
    }

    [Fact]
    public async Task Miner_NotEnabled_DoesNoWork()
    {
        await using var worker = await ServerProgram.StartEmbeddedAsync(_folder.Path, Easy);
        // Nothing shows that work will never begin; one that is enabled finds its first share in less.
        await Task.Delay(2_000, Cancel);

        Assert.Equal(0, await worker.Pod.GaugeAsync("miner_hash_rate"));
        Assert.Equal(0, (await StatisticsAsync(worker.Pod))["total_shares"]!.GetValue<int>());
    }

    [Fact]
    public async Task Miner_LedgerGone_IsUnhealthyAndGoesOnAfterwards()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var worker = await ServerProgram.StartWorkerAsync(redis.ConnectionString, Easy, "--Mining:Enabled=true");
        await Eventually.TrueAsync(async () => await FoundAsync(worker.Pod, 0) > 0, what: "A first share");
        redis.Kill();

        var health = await worker.Pod.GetAsync("/healthz", Cancel).JsonAsync(503);
        Assert.False(health["components"]!["share_collection"]!.GetValue<bool>());
        await redis.StartAsync();

        await Eventually.TrueAsync(async () => (await worker.Pod.GetAsync("/healthz", Cancel)).IsSuccessStatusCode, what: "The health of before");
        var before = await FoundAsync(worker.Pod, 0);
        await Eventually.TrueAsync(async () => await FoundAsync(worker.Pod, 0) > before, what: "Another share");
    }

    [Fact]
    public async Task MineTasks_RangesOverTwoWorkers_FindTheOneShareThereIs()
    {
        const int Ranges = 16;
        const long Width = 1 << 20;
        await using var redis = await RedisServer.StartNewAsync();
        await using var api = await ApiHost.StartAsync($"--ConnectionStrings:redis={redis.ConnectionString}");
        await using var one = await ServerProgram.StartWorkerAsync(redis.ConnectionString);
        await using var two = await ServerProgram.StartWorkerAsync(redis.ConnectionString);
        var genesis = KnownBlock.At(0);
        var first = genesis.Nonce - (Ranges / 2 * Width) - 12_345;

        var ids = new List<string>();
        for (var range = 0; range < Ranges; range++)
        {
            var input = $$"""{"header":"{{Convert.ToHexString(genesis.Header())}}","first_nonce":{{first + (range * Width)}},"count":{{Width}},"round_number":4}""";
            ids.Add((await api.Sessions.PostAsync("/task", $$"""{"type":"mine","input":{{input}}}""").JsonAsync(202)).Text("task_id"));
        }

        var tasks = new List<JsonNode>();
        foreach (var id in ids)
        {
            await Eventually.TrueAsync(async () => (await StatusAsync(api, id)).Text("status") == "complete", what: "The end of the task");
            tasks.Add(await StatusAsync(api, id));
        }

        var found = Assert.Single(tasks, task => task["result"]!["found"]!.GetValue<bool>());
        Assert.Equal(genesis.Hash, found["result"]!.Text("hash"));
        Assert.Equal(2, tasks.Select(task => task.Text("handled_by")).Distinct().Count());
        Assert.All(tasks.Where(task => task != found), task => Assert.Equal(Width, task["result"]!["hashes"]!.GetValue<long>()));
        foreach (var worker in (ServerProgram[])[one, two])
        {
            Assert.Equal("""{"total_shares":1,"valid_shares":1,"invalid_shares":0,"unique_workers":1}""", (await StatisticsAsync(worker.Pod)).ToJsonString());
            Assert.Equal(1, await FoundAsync(worker.Pod, 4));
            await Eventually.TrueAsync(async () => await worker.Pod.GaugeAsync("miner_valid_shares") == 1, what: "The metrics' agreement");
            Assert.True(await worker.Pod.GaugeAsync("miner_hash_rate") > 1_000);
        }

        await api.Sessions.PostAsync("/task", """{"type":"mine","input":{"header":"00"}}""").JsonAsync(400);
    }

    // Looked at with the framework's SHA-256 alone.
    private static void HoldsUp(JsonNode share)
    {
        var digest = System.Security.Cryptography.SHA256.HashData(
            System.Security.Cryptography.SHA256.HashData(Convert.FromHexString(share.Text("header"))));
        Array.Reverse(digest);
        Assert.Equal(share.Text("hash"), Convert.ToHexStringLower(digest));
        // 0x00000000FFFF… / 0.0001 begins with 0x0000270F.
        Assert.True(string.CompareOrdinal(share.Text("hash")[..8], "0000270f") <= 0);
        Assert.True(share["valid"]!.GetValue<bool>());
    }

    private static async Task<JsonNode> StatisticsAsync(HttpClient pod) => (await pod.GetAsync("/audit", Cancel).JsonAsync(200))["statistics"]!;

    private static Task<JsonNode> StatusAsync(ApiHost api, string id) => api.Sessions.GetAsync($"/tasks/{id}/status", Cancel).JsonAsync(200);

    private static async Task<long> FoundAsync(HttpClient pod, int round) =>
        (await pod.GetAsync($"/task/{round}", Cancel).JsonAsync(200))["valid_shares"]!.GetValue<long>();
}
