using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>The embedded store in its own folder, with a given number of runners.</summary>
internal static class ScaledStore
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Lease = TimeSpan.FromDays(1);

    public static SqliteDatabase Open(string folder) => SqliteDatabase.Open(new SqliteOptions { DataFolder = folder }, NullLogger<SqliteDatabase>.Instance);

    /// <summary>Writes the fleet, all of one plan.</summary>
    public static async Task FillAsync(IRunnerStore store, int runners, string plan)
    {
        // In parallel, so that they share commits.
        foreach (var some in Enumerable.Range(0, runners).Chunk(2_000))
        {
            await Task.WhenAll(some.Select(number => Task.Run(() => AddAsync(store, new ListedRunner(number), plan))));
        }
    }

    private static async Task AddAsync(IRunnerStore store, ListedRunner runner, string plan)
    {
        var reservation = new Reservation(
            runner.Id, "session", ListedRunner.Instance, plan, RunnerId.CreateToken(), RunnerNetwork.Bridge, null, Within);
        var reserved = runner.Owner is { } owner
            ? (await store.ClaimAsync(new ClaimRequest(owner, Lease, null, FromPool: false, reservation), CancellationToken.None)).Runner
            : await store.ReserveIdleAsync(reservation, int.MaxValue, CancellationToken.None);
        _ = await store.AttachAsync(runner.Id, reserved!.Fence, runner.Placement, Lease, CancellationToken.None)
            ?? throw new InvalidOperationException($"Runner {runner.Id} was not attached.");
    }
}
