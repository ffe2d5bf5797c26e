using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;
using static Orchestrator.Tests.Mining.MiningCalls;

namespace Orchestrator.Tests.Mining;

/// <summary>
/// Many clients that submit at the same time: new shares, valid and invalid ones, the same ones again, from other
/// clients too, and nonsense. Whoever gets no answer asks again, as a miner does. Knows what the audit has to say.
/// </summary>
internal sealed class MiningLoad(int clients, int submissions)
{
    private const int Rounds = 9;
    private const int Workers = 40;

    // Two of three submissions are of an id that has come before or will come again.
    private readonly int _ids = submissions / 3;
    private readonly ConcurrentDictionary<int, bool> _answers = new();
    private int _answered;
    private int _refused;

    /// <summary>How many submissions were answered with 200 or 400 so far.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>How many of them were refused with 400.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Submits everything; every client asks the given function where to, for each try.</summary>
    public Task RunAsync(Func<int, HttpClient> target) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => SubmitAllAsync(client, target))));

    /// <summary>Compares the audit and the rounds with what was sent.</summary>
    public async Task CheckAsync(HttpClient pod)
    {
        var cancel = TestContext.Current.CancellationToken;
        var sent = _answers.Keys.ToList();
        var valid = sent.Count(IsValid);
        var statistics = (await pod.GetAsync("/audit", cancel).JsonAsync(200))["statistics"]!;
        Assert.Equal(
            $$"""{"total_shares":{{sent.Count}},"valid_shares":{{valid}},"invalid_shares":{{sent.Count - valid}},"unique_workers":{{sent.Select(WorkerOf).Distinct().Count()}}}""",
            statistics.ToJsonString());
        for (var round = 0; round < Rounds; round++)
        {
            var counts = await pod.GetAsync($"/task/{round}", cancel).JsonAsync(200);
            Assert.Equal(sent.Count(id => RoundOf(id) == round && IsValid(id)), counts["valid_shares"]!.GetValue<int>());
            Assert.Equal(sent.Count(id => RoundOf(id) == round && !IsValid(id)), counts["invalid_shares"]!.GetValue<int>());
        }

        await Eventually.TrueAsync(async () => await pod.GaugeAsync("miner_shares_submitted") == sent.Count, what: "The metrics' agreement");
        Assert.Equal(valid, await pod.GaugeAsync("miner_valid_shares"));
        Assert.Equal(sent.Count - valid, await pod.GaugeAsync("miner_invalid_shares"));
        Assert.Equal(Rounds - 1, await pod.GaugeAsync("mining_round"));
    }

    private static bool IsValid(int id) => id % 4 != 0;

    private static int RoundOf(int id) => id % Rounds;

    private static string WorkerOf(int id) => $"worker_{id % Workers}";

    private async Task SubmitAllAsync(int client, Func<int, HttpClient> target)
    {
        var random = new Random(client);
        for (var i = 0; i < submissions / clients; i++)
        {
            if (random.Next(10) == 0)
            {
                Assert.Equal(400, await PostAsync(client, target, "/submission/1", Nonsense(random)));
                Interlocked.Increment(ref _refused);
            }
            else
            {
                var id = random.Next(_ids);
                var share = Example($"id-{id}", IsValid(id), WorkerOf(id)).ToJsonString();
                Assert.Equal(200, await PostAsync(client, target, $"/submission/{RoundOf(id)}", share, answer =>
                    Assert.Equal(IsValid(id), answer["valid"]!.GetValue<bool>())));
                _answers[id] = true;
            }

            Interlocked.Increment(ref _answered);
        }
    }

    private static string Nonsense(Random random)
    {
        var share = Example($"never-{random.Next()}", workerId: $"nobody-{random.Next()}");
        switch (random.Next(5))
        {
            case 0: share["hash"] = "xyz"; break;
            case 1: share["difficulty"] = -1; break;
            case 2: share.Remove("block_height"); break;
            case 3: share["worker_id"] = new string('w', 200); break;
            default: return "{\"hash\":";
        }

        return share.ToJsonString();
    }

    private static async Task<int> PostAsync(
        int client, Func<int, HttpClient> target, string path, string body, Action<JsonNode>? look = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var content = new StringContent(body);
                using var answer = await target(client).PostAsync(path, content, cancel);
                var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel))!;
                if ((int)answer.StatusCode != 503)
                {
                    if (answer.IsSuccessStatusCode)
                    {
                        look?.Invoke(json);
                    }

                    return (int)answer.StatusCode;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException or ObjectDisposedException && tries < 600)
            {
                // Killed, or not there yet. Whether it was counted nobody knows; so it is sent again.
            }

            Assert.True(tries < 600, "No answer for a minute.");
            await Pace.PauseAsync(100, cancel);
        }
    }
}
