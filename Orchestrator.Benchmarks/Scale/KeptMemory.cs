using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// The memory kept for each runner after a reconcile, a check of its agent and a heartbeat of its owner: live managed
/// objects and SQLite's own memory, page caches included.
/// </summary>
internal static class KeptMemory
{
    private const int Few = 100;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        // The first measurement of a process pays for state that all of them share.
        await MeasureAsync(Few);
        return quick
            ? [await CompareAsync(10_000, 1)]
            : [await CompareAsync(1_000, 3), await CompareAsync(10_000, 3), await CompareAsync(100_000, 1)];
    }

    private static async Task<Comparison> CompareAsync(int size, int rounds)
    {
        var each = new Samples("live objects and SQLite's memory, for each");
        for (var round = 0; round < rounds; round++)
        {
            var few = await MeasureAsync(Few);
            each.Add((await MeasureAsync(size) - few) / 1024.0 / (size - Few));
        }

        return new Comparison(
            string.Create(CultureInfo.InvariantCulture, $"Memory kept for each of {size:N0} runners, over {Few}"), each, null, null, "KiB")
        {
            Limit = size == 10_000 ? new Goal(99, 2) : null,
        };
    }

    private static async Task<long> MeasureAsync(int size)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-bench-scale-");
        try
        {
            using (var database = ScaledStore.Open(folder.FullName))
            {
                await ScaledStore.FillAsync(new SqliteRunnerStore(database, TimeProvider.System), size, ListedRunner.Plan);
            }

            await using var engine = await ListingEngine.StartAsync(folder.FullName, size);
            var before = Live();
            await using var services = Compose(folder.FullName, engine.Socket);
            await services.GetRequiredService<Leadership>().TryHoldAsync(CancellationToken.None);
            var reconciler = services.GetRequiredService<Reconciler>();
            await reconciler.ReconcileAsync(CancellationToken.None);
            for (var watch = Stopwatch.StartNew(); await engine.LooksAsync() < 2 * size;)
            {
                if (watch.Elapsed > TimeSpan.FromMinutes(3))
                {
                    throw new TimeoutException("The agents were not checked.");
                }

                await Task.Delay(20);
            }

            var leases = services.GetRequiredService<RunnerLeases>();
            var template = services.GetRequiredService<RunnersOptions>().ToTemplate();
            for (var number = 0; number < size; number++)
            {
                if (new ListedRunner(number).Owner is { } owner && await leases.HeartbeatAsync(template, owner, CancellationToken.None) is null)
                {
                    throw new InvalidOperationException($"{owner} has no runner.");
                }
            }

            await reconciler.ReconcileAsync(CancellationToken.None);
            return Live() - before;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static long Live()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true) + SQLitePCL.raw.sqlite3_memory_used();
    }

    private static ServiceProvider Compose(string folder, string socket)
    {
        var options = new RunnersOptions { Instance = ListedRunner.Instance };
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton(options)
            .AddSingleton(new RunnerTemplates([options.ToTemplate()]))
            .AddSingleton(_ => ScaledStore.Open(folder))
            .AddSingleton<IRunnerStore>(provider => new SqliteRunnerStore(provider.GetRequiredService<SqliteDatabase>(), TimeProvider.System))
            .AddSingleton(Options.Create(new DockerOptions { Host = $"unix://{socket}" }))
            .AddDockerEngine()
            .AddRunners()
            .BuildServiceProvider();
    }
}
