using System.Diagnostics;
using System.Globalization;
using Docker.DotNet.Models;
using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Engines.Docker;
using Orchestrator.Storage.Sqlite.Runners;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// Orchestrator.Api as users run it, with many runners on the engine and all of them in the store: the cost of a reconcile
/// without changes, and the memory of a runner. Measured from outside the process.
/// </summary>
internal static class ReconcileScale
{
    private const string Lists = "processor time of a whole reconcile";
    private const string Bare = "the engine's client alone: list and decode";

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        int[] sizes = quick ? [100, 10_000] : [100, 1_000, 10_000, 100_000];
        var found = new List<Found>();
        foreach (var size in sizes)
        {
            found.Add(await MeasureAsync(size, quick));
        }

        var small = found[0];
        List<Comparison> comparisons = [];
        foreach (var fleet in found)
        {
            var goal = fleet.Size == 10_000;
            comparisons.Add(new Comparison(Title($"Reconcile of {fleet.Size:N0} unchanged runners"), fleet.Ours, fleet.Bare, null, "ms of CPU")
            {
                Limit = goal ? new Goal(99, 500) : null,
            });
            comparisons.Add(new Comparison(Title($"Store writes of a reconcile of {fleet.Size:N0} unchanged runners"), fleet.Writes, null, null, "commits")
            {
                Limit = new Goal(99, 0),
            });
            if (fleet != small)
            {
                comparisons.Add(new Comparison(Title($"Resident memory of the process for each of {fleet.Size:N0} runners, its garbage included"), fleet.MemoryOver(small), null, null, "KiB"));
            }
        }

        return comparisons;

        static string Title(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<Found> MeasureAsync(int size, bool quick)
    {
        var rounds = (quick ? 6 : 20) / (size > 10_000 ? 2 : 1);
        var folder = Directory.CreateTempSubdirectory("orchestrator-bench-scale-");
        try
        {
            using (var database = ScaledStore.Open(folder.FullName))
            {
                await ScaledStore.FillAsync(new SqliteRunnerStore(database, TimeProvider.System), size, ListedRunner.Plan);
            }

            await using var engine = await ListingEngine.StartAsync(folder.FullName, size);
            var found = new Found(size);

            // Above a thousand runners the interval is six times as long.
            var every = TimeSpan.FromSeconds(size switch { > 10_000 => 10, > 1_000 => 3, _ => 0.5 });
            await using var server = OrchestratorServer.Launch(
                folder, ListedRunner.Instance,
                ("Engine", "docker"), ("DOCKER_HOST", $"unix://{engine.Socket}"), ("INACTIVITY_TIMEOUT_SECONDS", "86400"),
                ("Runners__MinIdle", "0"), ("Runners__MaxIdle", "10000"), ("Logging__LogLevel__Default", "Warning"),
                ("Logging__LogLevel__Microsoft.Hosting.Lifetime", "Information"), ("Logging__LogLevel__Orchestrator", "Information"),
                ("Runners__ReconcileIntervalSeconds", string.Create(CultureInfo.InvariantCulture, $"{every.TotalSeconds / (size > 1_000 ? 6 : 1)}")));
            await server.ReadyLineAsync();

            // The process checks each runner's agent once.
            await UntilAsync(async () => await engine.LooksAsync() >= 2 * size, TimeSpan.FromMinutes(3));
            for (var round = -4; round < rounds; round++)
            {
                var (used, changes) = (server.ProcessorTime, Changes(folder.FullName));
                var listings = await engine.ListingsAsync();
                await UntilAsync(async () => await engine.ListingsAsync() > listings, TimeSpan.FromMinutes(1));

                // Its end is invisible from outside, but comes long before the next one.
                await Task.Delay(every * 0.7);
                if (round >= 0)
                {
                    found.Ours.Add(server.ProcessorTime - used);
                    found.Writes.Add(Changes(folder.FullName) - changes);
                    found.Resident.Add(server.ResidentBytes / 1024.0);
                }
            }

            await BareAsync(engine, found.Bare, rounds);
            return found;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Every commit that changes a page goes through the log, so its header and length count them.
    private static long Changes(string folder) => Commits.Read(folder);

    private static async Task BareAsync(ListingEngine engine, Samples samples, int rounds)
    {
        using var client = DockerEndpoint.CreateClient(new DockerOptions { Host = $"unix://{engine.Socket}" });
        using var process = Process.GetCurrentProcess();
        for (var round = -4; round < rounds; round++)
        {
            process.Refresh();
            var used = process.TotalProcessorTime;
            await client.Containers.ListContainersAsync(new ContainersListParameters { All = true });
            process.Refresh();
            if (round >= 0)
            {
                samples.Add(process.TotalProcessorTime - used);
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit)
            {
                throw new TimeoutException("The orchestrator did not list its engine.");
            }

            await Task.Delay(20);
        }
    }

    private sealed class Found(int size)
    {
        public int Size => size;

        public Samples Ours { get; } = new(Lists);

        public Samples Bare { get; } = new(ReconcileScale.Bare);

        public Samples Writes { get; } = new("commits between two looks at the store's file");

        public Samples Resident { get; } = new("resident memory");

        public Samples MemoryOver(Found less)
        {
            var each = new Samples("resident memory of the process, more than with fewer");
            foreach (var kilobytes in Resident.All())
            {
                each.Add((kilobytes - less.Resident.Percentile(50)) / (Size - less.Size));
            }

            return each;
        }
    }
}
