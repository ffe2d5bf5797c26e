using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// A warm claim by the number of runners in the store. All sizes are open at once and take turns, so that other load on
/// the machine affects them alike.
/// </summary>
internal static class ClaimScale
{
    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        int[] sizes = quick ? [100, 1_000, 10_000] : [100, 1_000, 10_000, 100_000];
        var (warmUp, rounds) = quick ? (2_000, 5_000) : (5_000, 30_000);
        var fleets = new List<Fleet>();
        try
        {
            foreach (var size in sizes)
            {
                fleets.Add(await Fleet.MakeAsync(size));
            }

            for (var round = -warmUp; round < rounds; round++)
            {
                for (var turn = 0; turn < fleets.Count; turn++)
                {
                    await fleets[(turn + round + warmUp) % fleets.Count].ClaimAsync(counted: round >= 0);
                }
            }

            return
            [
                .. fleets.Skip(1).Select(fleet => new Comparison(
                    string.Create(CultureInfo.InvariantCulture, $"Warm claim with {fleet.Size:N0} runners known, beside {sizes[0]}: SQLite"),
                    fleet.Claims, fleets[0].Claims, fleet.Size == 10_000 ? new Goal(99, 1.5) : null, "µs")),
            ];
        }
        finally
        {
            foreach (var fleet in fleets)
            {
                await fleet.DisposeAsync();
            }
        }
    }

    private sealed class Fleet : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-bench-scale-");
        private readonly SqliteDatabase _database;
        private readonly SqliteRunnerStore _store;
        private readonly ServiceProvider _services;
        private readonly RunnerTemplate _template;
        private int _sessions;

        private Fleet(int size)
        {
            Size = size;
            Claims = new Samples(string.Create(CultureInfo.InvariantCulture, $"{size:N0} runners, one in ten idle"));
            _database = ScaledStore.Open(_folder.FullName);
            _store = new SqliteRunnerStore(_database, TimeProvider.System);
            var options = new RunnersOptions { Instance = ListedRunner.Instance };
            _template = options.ToTemplate();
            _services = new ServiceCollection()
                .AddLogging()
                .AddSingleton(options)
                .AddSingleton(new RunnerTemplates([_template]))
                .AddSingleton(new SimulatedEngine().Connect(instance: ListedRunner.Instance))
                .AddSingleton<IRunnerStore>(_store)
                .AddRunners()
                .BuildServiceProvider();
        }

        public int Size { get; }

        public Samples Claims { get; }

        public static async Task<Fleet> MakeAsync(int size)
        {
            var fleet = new Fleet(size);
            await ScaledStore.FillAsync(fleet._store, size, fleet._services.GetRequiredService<IRunnerEngine>().PlanOf(fleet._template));
            return fleet;
        }

        /// <summary>One session's claim and the return of its runner to the pool.</summary>
        public async Task ClaimAsync(bool counted)
        {
            var leases = _services.GetRequiredService<RunnerLeases>();
            var owner = Owner.Session(string.Create(CultureInfo.InvariantCulture, $"claim-{_sessions++}"));
            var started = Stopwatch.GetTimestamp();
            var (runner, created) = await leases.ProvisionAsync(_template, owner, RunnerNetwork.Bridge, CancellationToken.None);
            var took = Stopwatch.GetElapsedTime(started);
            if (!created || await _store.ReturnAsync(runner.Id, runner.Fence, CancellationToken.None) is null)
            {
                throw new InvalidOperationException("The claim or the return failed.");
            }

            if (counted)
            {
                Claims.Add(took.TotalMicroseconds);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _services.DisposeAsync();
            _database.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
