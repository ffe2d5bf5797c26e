using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>The counts of runners, which are kept in memory, after the database was closed.</summary>
public sealed class SqliteCountsTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3)] // The last version that kept them in the file.
    [InlineData(4)]
    public async Task Opened_CountsWhatIsThere_AndWhatIsChangedThen(int version)
    {
        using (var before = Open(version))
        {
            var store = new SqliteRunnerStore(before, _clock);
            var removed = await LeaseAsync(store, "removed");
            await store.BeginRemoveAsync(removed.Id, removed.Fence, Cancel);
            await LeaseAsync(store, "leased");
            await LeaseAsync(store, "other");
            await store.ClaimAsync(Wish("creating"), Cancel);
            await store.ReserveIdleAsync(Reserve("refilling"), 5, Cancel);
            for (var i = 0; i < 3; i++)
            {
                var idle = await store.ReserveIdleAsync(Reserve($"idle-{i}"), 5, Cancel);
                await store.AttachAsync(idle!.Id, idle.Fence, Placement, null, Cancel);
            }

            Assert.Equal(new PoolCounts(Idle: 3, Refilling: 1, Creating: 1, Leased: 2, Removing: 1), await CountAsync(store));
        }

        using var after = Open(SqliteMigrations.All.Count);
        var reopened = new SqliteRunnerStore(after, _clock);
        Assert.Equal(new PoolCounts(Idle: 3, Refilling: 1, Creating: 1, Leased: 2, Removing: 1), await CountAsync(reopened));
        await LeaseAsync(reopened, "warm", fromPool: true);
        Assert.Equal(new PoolCounts(Idle: 2, Refilling: 1, Creating: 1, Leased: 3, Removing: 1), await CountAsync(reopened));
        Assert.Equal(ClaimOutcome.Full, (await reopened.ClaimAsync(Wish("late") with { MaxLeased = 4 }, Cancel)).Outcome);
    }

    private static RunnerPlacement Placement => new("c", "image", "sha256:1", null, null);

    private static Reservation Reserve(string id) => new($"runner-{id}", "session", "e", "token", RunnerNetwork.Bridge, null, Lease);

    private static ClaimRequest Wish(string owner) => new(Owner.Session(owner), Lease, null, false, Reserve(owner));

    private static ValueTask<PoolCounts> CountAsync(SqliteRunnerStore store) => store.CountAsync("e", "session", Cancel);

    private static async Task<Runner> LeaseAsync(SqliteRunnerStore store, string owner, bool fromPool = false)
    {
        var runner = (await store.ClaimAsync(Wish(owner) with { FromPool = fromPool }, Cancel)).Runner!;
        return fromPool ? runner : (await store.AttachAsync(runner.Id, runner.Fence, Placement, Lease, Cancel))!;
    }

    private SqliteDatabase Open(int version) => SqliteDatabase.Open(
        new SqliteOptions { DataFolder = _folder.Path }, [.. SqliteMigrations.All.Take(version)], NullLogger.Instance);
}
