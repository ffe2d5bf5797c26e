using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Benchmarks.Startup;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>
/// Provisions from a pool of idle Docker runners, durable in SQLite, beside no-op POSTs to the same server: by one caller
/// with the pool full again before every round, at rest or just full, and by a hundred at once.
/// </summary>
internal static class WarmOnDocker
{
    private const int Idle = 100;

    // As in the cold benchmark: the engine has finished the last round's work.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(600);

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        // They sleep: a hundred of them start in reasonable time and leave the machine idle during the measurement.
        await SleeperImage.MakeAsync();
        await using var api = await OrchestratorServer.StartAsync(
            "bench-warm", ("Runners__MinIdle", $"{Idle}"), ("Runners__MaxIdle", $"{2 * Idle}"),
            ("Runners__Image", SleeperImage.Name), ("Runners__Ready__Probe", "None"), ("INACTIVITY_TIMEOUT_SECONDS", "600"));
        await api.WaitForIdleAsync(Idle, TimeSpan.FromMinutes(3));

        // Both paths are compiled first: the comparison is of a server that runs for weeks.
        for (var call = 0; call < 300; call++)
        {
            await api.ProvisionAsync("warm-up");
            await api.NoOpAsync();
        }

        await api.DeprovisionAsync("warm-up");

        // All but the first of those calls found an existing lease; only the bursts' claims compile the claim path.
        var bursts = await BurstsAsync(api, quick ? 1 : 3);
        return [await OneAsync(api, quick ? 15 : 60, Rest, "at rest"), await OneAsync(api, quick ? 15 : 60, TimeSpan.Zero, "behind a refill"), bursts];
    }

    private static async Task<Comparison> OneAsync(OrchestratorServer api, int rounds, TimeSpan rest, string when)
    {
        var (ours, floor) = (new Samples("POST /api/runner/provision, warm"), new Samples("POST /healthz, the same server"));
        for (var round = -5; round < rounds; round++)
        {
            // The first rounds warm both paths up and are not counted.
            var (one, other) = round < 0 ? (new Samples(""), new Samples("")) : (ours, floor);
            await api.WaitForIdleAsync(Idle, TimeSpan.FromMinutes(3));
            await Task.Delay(rest);
            if (round % 2 == 0)
            {
                await other.TimeAsync(api.NoOpAsync);
            }

            await one.TimeAsync(() => api.ProvisionAsync($"bench-{round + 5}"));
            if (round % 2 != 0)
            {
                await other.TimeAsync(api.NoOpAsync);
            }

            await api.DeprovisionAsync($"bench-{round + 5}");
        }

        return new Comparison($"Warm provision over HTTP, one caller {when}, Docker, {Idle} idle runners, durable in SQLite", ours, floor, new Goal(50, 2));
    }

    private static async Task<Comparison> BurstsAsync(OrchestratorServer api, int rounds)
    {
        var (ours, floor) = (new Samples("POST /api/runner/provision, warm"), new Samples("POST /healthz, the same server"));

        // Opens every connection beforehand, to both listeners.
        for (var round = 0; round < 5; round++)
        {
            await BurstAsync(new Samples(""), _ => api.NoOpAsync());
            await BurstAsync(new Samples(""), _ => api.ProvisionAsync("warm-up"));
        }

        await api.DeprovisionAsync("warm-up");
        for (var round = 0; round < rounds; round++)
        {
            await api.WaitForIdleAsync(Idle, TimeSpan.FromMinutes(3));
            await BurstAsync(floor, _ => api.NoOpAsync());
            await BurstAsync(ours, caller => api.ProvisionAsync($"burst-{caller}"));
            await Parallel.ForAsync(0, Idle, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (caller, _) => await api.DeprovisionAsync($"burst-{caller}"));
        }

        return new Comparison($"{Idle} warm provisions over HTTP at once, Docker, a pool of {Idle}, during refills", ours, floor, new Goal(99, 10));
    }

    private static Task BurstAsync(Samples samples, Func<int, Task> call) =>
        Task.WhenAll(Enumerable.Range(0, Idle).Select(caller => samples.TimeAsync(() => call(caller))));
}
