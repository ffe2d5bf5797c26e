using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>Turns, common commits and failures of the database.</summary>
public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteRunnerStore _store;

    public SqliteDatabaseTests()
    {
        _database = Open(_folder.Path);
        _store = new SqliteRunnerStore(_database, _clock);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Write_OneOfManyWaitingFails_TheOthersAreDone()
    {
        var held = Hold(out var release);
        var claims = Enumerable.Range(0, 40).Select(i => _store.ClaimAsync(Wish($"owner-{i}"), Cancel).AsTask()).ToList();
        var failing = Enumerable.Range(0, 3).Select(_ => _database.WriteAsync(Spoil, _database, Cancel).AsTask()).ToList();
        var later = Enumerable.Range(40, 10).Select(i => _store.ClaimAsync(Wish($"owner-{i}"), Cancel).AsTask()).ToList();
        release.Set();
        await held;

        Assert.All(await Task.WhenAll([.. claims, .. later]), result => Assert.Equal(ClaimOutcome.Reserved, result.Outcome));
        foreach (var failed in failing)
        {
            await Assert.ThrowsAsync<FormatException>(() => failed);
        }

        Assert.Equal(0, await CountNobodysAsync());
    }

    [Fact]
    public async Task Write_CancelledWhileWaiting_IsNotDone()
    {
        var held = Hold(out var release);
        using var cancelled = new CancellationTokenSource();
        var claim = _store.ClaimAsync(Wish("a"), cancelled.Token).AsTask();
        var other = _store.ClaimAsync(Wish("b"), Cancel).AsTask();
        await cancelled.CancelAsync();
        release.Set();
        await held;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Assert.Equal(ClaimOutcome.Reserved, (await other).Outcome);
        Assert.Null(await _store.FindAsync("session", Owner.Session("a"), Cancel));
    }

    [Fact]
    [Fault("store-stalls", "store", "every write waits for longer than a lease", "heartbeats that waited count", "simulated")]
    public async Task ListExpired_ASignOfLifeWaitsForItsTurn_ComesAfterIt()
    {
        var claim = await _store.ClaimAsync(Wish("a"), Cancel);
        var lease = TimeSpan.FromSeconds(60);
        await _store.AttachAsync(claim.Runner!.Id, claim.Runner.Fence, new RunnerPlacement("c", "image", "id", "127.0.0.1", null), lease, Cancel);
        var held = Hold(out var release);
        var touched = _store.TouchAsync("session", Owner.Session("a"), lease, Cancel).AsTask();
        _clock.Advance(2 * lease);
        var expired = _store.ListExpiredAsync("e", Cancel).AsTask();
        release.Set();
        await held;

        Assert.NotNull(await touched);
        Assert.Empty(await expired);
        _clock.Advance(lease);
        Assert.Single(await _store.ListExpiredAsync("e", Cancel));
    }

    [Fact]
    public async Task Write_TooManyWaiting_IsRefused()
    {
        var held = Hold(out var release);
        var waiting = Enumerable.Range(0, SqliteWriter.MaxWaiting).Select(_ => _database.WriteAsync(static _ => 0, 0, Cancel).AsTask()).ToList();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _store.ClaimAsync(Wish("a"), Cancel));
        release.Set();
        await held;
        await Task.WhenAll(waiting);
        Assert.Equal(ClaimOutcome.Reserved, (await _store.ClaimAsync(Wish("a"), Cancel)).Outcome);
    }

    [Fact]
    public async Task NextFence_TransactionUndone_IsNeverGivenTwice()
    {
        List<long> fences = [];
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<FormatException>(async () => await _database.WriteAsync(Spoil, _database, Cancel));
            fences.Add(await _database.WriteAsync(static database => database.NextFence(), _database, Cancel));
            fences.Add(await _database.WriteAsync(static database => database.NextFence(), _database, Cancel));
        }

        _database.Dispose();
        using var again = Open(_folder.Path);
        fences.Add(await again.WriteAsync(static database => database.NextFence(), again, Cancel));
        Assert.Equal(fences.Order().Distinct(), fences);
    }

    [Theory]
    [InlineData("INSERT INTO runners (id, template, instance, state, fence, owner_tenant, owner_kind, owner_id, created_at, network, port_reserved) VALUES ('x', 'session', 'e', 2, 9, 'default', 0, 'a', 0, 0, 0)")]
    [InlineData("INSERT INTO runners (id, template, instance, state, fence, owner_tenant, owner_kind, owner_id, created_at, network, port_reserved) VALUES ('x', 'session', 'other', 3, 9, 'default', 0, 'a', 0, 0, 0)")]
    [InlineData("INSERT INTO runners (id, template, instance, state, fence, created_at, network, host_port, port_reserved) VALUES ('x', 'session', 'e', 0, 9, 0, 0, 9093, 1)")]
    [InlineData("INSERT INTO runners (id, template, instance, state, fence, created_at, network, port_reserved) VALUES ('runner-a', 'session', 'e', 0, 9, 0, 0, 0)")]
    [InlineData("UPDATE runners SET state = 1")]
    [InlineData("UPDATE runners SET owner_id = NULL")]
    [InlineData("UPDATE runners SET owner_tenant = NULL")]
    [InlineData("UPDATE runners SET owner_id = NULL, owner_kind = NULL, owner_tenant = NULL, contact_at = NULL, state = 2")]
    [InlineData("UPDATE runners SET state = 7")]
    public async Task Schema_RuleBroken_IsRefused(string sql)
    {
        var wish = Wish("a");
        await _store.ClaimAsync(wish with { Reservation = wish.Reservation with { FirstPort = 9093 } }, Cancel);

        var failure = await Assert.ThrowsAsync<SqliteException>(async () => await _database.WriteAsync(
            static change => { change.database.Writing.Execute(change.sql); return 0; }, (database: _database, sql), Cancel));
        Assert.True(failure.IsConstraint);
    }

    [Fact]
    public async Task Write_DatabaseIsFull_IsUnavailableAndChangesNothing()
    {
        var known = (await _store.ClaimAsync(Wish("known"), Cancel)).Runner!;
        await _store.AttachAsync(known.Id, known.Fence, new RunnerPlacement("c", "i", "s", null, null), TimeSpan.FromMinutes(1), Cancel);
        await FillUpAsync(pages => pages);

        await Assert.ThrowsAsync<StoreUnavailableException>(ClaimManyAsync);

        // Whatever was refused has left no trace, and what needs no room goes on.
        var claimed = await _store.ListAsync("e", Cancel);
        var counts = await _store.CountAsync("e", "session", Cancel);
        Assert.Equal(claimed.Count, counts.Creating + counts.Leased);
        Assert.NotNull(await _store.TouchAsync("session", Owner.Session("known"), TimeSpan.FromMinutes(1), Cancel));

        await FillUpAsync(_ => 1_000_000);
        await ClaimManyAsync();
    }

    [Fact]
    [Fault("store-disk-full-writes", "store", "its disk fills up during writes", "refused writes leave no trace, acknowledged ones stay; it works again once there is room")]
    public async Task Write_DiskIsFull_IsUnavailableUntilThereIsRoom()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", Component.Root.Reason("the test mounts a small disk"));
        using var disk = new TemporaryFolder();
        Directory.CreateDirectory(disk.Path);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk.Path) == 0, Component.Mounts.Reason("mount fails"));
        try
        {
            using var database = Open(disk.Path);
            var store = new SqliteRunnerStore(database, _clock);
            var answered = new List<Runner>();
            var refused = 0;
            for (var i = 0; refused < 5 && i < 5_000; i++)
            {
                try
                {
                    answered.Add((await store.ClaimAsync(Wish($"owner-{i}"), Cancel)).Runner!);
                }
                catch (StoreUnavailableException)
                {
                    refused++;
                }
            }

            Assert.Equal(5, refused);
            Assert.Equal(answered, await store.ListAsync("e", Cancel));
            Assert.Equal(answered.Count, (await store.CountAsync("e", "session", Cancel)).Creating);

            Assert.Equal(0, await RunAsync("mount", "-o", "remount,size=16m", disk.Path));
            answered.Add((await store.ClaimAsync(Wish("later"), Cancel)).Runner!);
            Assert.Equal(answered, await store.ListAsync("e", Cancel));
        }
        finally
        {
            await RunAsync("umount", disk.Path);
        }
    }

    [Fact]
    public async Task Write_AnotherProgramHoldsTheFile_IsUnavailableAfterABoundedWait()
    {
        using var other = StoreConnection.Open(_database.Path);
        other.Execute("BEGIN IMMEDIATE");
        var since = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _store.ClaimAsync(Wish("a"), Cancel));
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

        other.Execute("ROLLBACK");
        Assert.Equal(ClaimOutcome.Reserved, (await _store.ClaimAsync(Wish("a"), Cancel)).Outcome);
    }

    [Fact]
    public async Task Calls_AfterClosing_AreUnavailable()
    {
        _database.Dispose();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _store.ClaimAsync(Wish("a"), Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _store.GetAsync("a", Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _store.ListAsync("e", Cancel));
    }

    [Fact]
    public async Task Log_UnderSteadyLoad_StaysBounded()
    {
        await ClaimManyAsync();
        var longest = 0L;
        for (var i = 0; i < 40; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(k => Task.Run(async () =>
            {
                for (var n = 0; n < 25; n++)
                {
                    await _store.TouchAsync("session", Owner.Session($"many-{k}"), TimeSpan.FromMinutes(1), Cancel);
                }
            })));
            longest = Math.Max(longest, new FileInfo(_database.Path + "-wal").Length);
        }

        Assert.InRange(longest, 1, 64 << 20);
    }

    [Fact]
    public async Task Durability_Full_FlushesEveryCommit()
    {
        using var folder = new TemporaryFolder();
        using var full = SqliteDatabase.Open(
            new SqliteOptions { DataFolder = folder.Path, Durability = Durability.Full }, NullLogger<SqliteDatabase>.Instance);

        Assert.Equal(2, await SynchronousAsync(full));
        Assert.Equal(1, await SynchronousAsync(_database));

        static ValueTask<long> SynchronousAsync(SqliteDatabase database) =>
            database.WriteAsync(static database => database.Writing.Scalar<long>("PRAGMA synchronous"), database, Cancel);
    }

    private static SqliteDatabase Open(string folder) =>
        SqliteDatabase.Open(new SqliteOptions { DataFolder = folder }, NullLogger<SqliteDatabase>.Instance);

    private static ClaimRequest Wish(string owner) => new(
        Owner.Session(owner), TimeSpan.FromMinutes(1), null, true,
        new Reservation($"runner-{owner}", "session", "e", "plan", "token", RunnerNetwork.Bridge, null, TimeSpan.FromMinutes(1)));

    // Takes a fence, writes, and fails.
    private static int Spoil(SqliteDatabase database)
    {
        database.NextFence();
        database.Writing.Execute("INSERT INTO runners (id, template, instance, state, fence, created_at, network, port_reserved) VALUES ('nobody', 'nobody', 'e', 0, 0, 0, 0, 0)");
        throw new FormatException("Spoilt.");
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Subprocess.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode;
    }

    // Keeps the writer's turn until it is let go.
    private Task<int> Hold(out ManualResetEventSlim release)
    {
        var letGo = release = new ManualResetEventSlim();
        var begun = new ManualResetEventSlim();
        var held = Task.Run(async () => await _database.WriteAsync(
            static events =>
            {
                events.begun.Set();
                events.letGo.Wait(TimeSpan.FromSeconds(30));
                return 0;
            },
            (begun, letGo), CancellationToken.None));
        Assert.True(begun.Wait(TimeSpan.FromSeconds(10), Cancel));
        return held;
    }

    private async Task ClaimManyAsync()
    {
        for (var i = 0; i < 200; i++)
        {
            var claimed = (await _store.ClaimAsync(Wish($"many-{i}"), Cancel)).Runner!;
            if (claimed.State == RunnerState.Creating)
            {
                await _store.AttachAsync(claimed.Id, claimed.Fence, new RunnerPlacement("c", "i", "sha", null, null), TimeSpan.FromMinutes(1), Cancel);
            }
        }
    }

    private async Task<long> CountNobodysAsync() => await _database.WriteAsync(
        static database => database.Writing.Scalar<long>("SELECT (SELECT count(*) FROM runners WHERE template = 'nobody') + (SELECT count(*) FROM pools WHERE template = 'nobody')"),
        _database, Cancel);

    private async Task FillUpAsync(Func<int, int> limit) => await _database.WriteAsync(
        static change =>
        {
            var pages = (int)change.database.Writing.Scalar<long>("PRAGMA page_count");
            change.database.Writing.Execute(FormattableString.Invariant($"PRAGMA max_page_count = {change.limit(pages)}"));
            return 0;
        },
        (database: _database, limit), Cancel);
}
