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
    // As a store of that version wrote them.
    private const string Fleet = """
        INSERT INTO runners (id, template, instance, state, fence, owner_tenant, owner_kind, owner_id, created_at, idle_since, network, port_reserved) VALUES
        ('removed', 'session', 'e', 3, 1, 'default', 0, 'a', 0, NULL, 0, 0),
        ('leased', 'session', 'e', 2, 2, 'default', 0, 'b', 0, NULL, 0, 0),
        ('other', 'session', 'e', 2, 3, 'default', 0, 'c', 0, NULL, 0, 0),
        ('creating', 'session', 'e', 0, 4, 'default', 0, 'd', 0, NULL, 0, 0),
        ('refilling', 'session', 'e', 0, 5, NULL, NULL, NULL, 0, NULL, 0, 0),
        ('idle-0', 'session', 'e', 1, 6, NULL, NULL, NULL, 0, 0, 0, 0),
        ('idle-1', 'session', 'e', 1, 7, NULL, NULL, NULL, 0, 0, 0, 0),
        ('idle-2', 'session', 'e', 1, 8, NULL, NULL, NULL, 0, 0, 0, 0)
        """;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Opened_CountsWhatIsThere_AndWhatIsChangedThen()
    {
        using (var before = Open())
        {
            await before.WriteAsync(static database => { database.Writing.Execute(Fleet); return 0; }, before, Cancel);
        }

        using var after = Open();
        var reopened = new SqliteRunnerStore(after, _clock);
        Assert.Equal(new PoolCounts(Idle: 3, Refilling: 1, Creating: 1, Leased: 2, Removing: 1), await CountAsync(reopened));
        var idle = (await reopened.GetAsync("idle-1", Cancel))!;
        await reopened.BeginRemoveAsync(idle.Id, idle.Fence, Cancel);
        await LeaseAsync(reopened, "late");
        Assert.Equal(new PoolCounts(Idle: 2, Refilling: 1, Creating: 1, Leased: 3, Removing: 2), await CountAsync(reopened));
        Assert.Equal(ClaimOutcome.Full, (await reopened.ClaimAsync(Wish("later") with { MaxLeased = 4 }, Cancel)).Outcome);
    }

    private static RunnerPlacement Placement => new("c", "image", "sha256:1", null, null);

    private static Reservation Reserve(string id) => new($"runner-{id}", "session", "e", "plan", "token", RunnerNetwork.Bridge, null, Lease);

    private static ClaimRequest Wish(string owner) => new(Owner.Session(owner), Lease, null, false, Reserve(owner));

    private static ValueTask<PoolCounts> CountAsync(SqliteRunnerStore store) => store.CountAsync("e", "session", Cancel);

    private static async Task LeaseAsync(SqliteRunnerStore store, string owner)
    {
        var runner = (await store.ClaimAsync(Wish(owner), Cancel)).Runner!;
        await store.AttachAsync(runner.Id, runner.Fence, Placement, Lease, Cancel);
    }

    private SqliteDatabase Open() =>
        SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
}
