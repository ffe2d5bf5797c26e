using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>What opening does with files of every kind.</summary>
public sealed class SqliteFilesTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "orchestrator.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_NoFolder_MakesItForThisUserAlone()
    {
        using (var database = Open())
        {
            await FillAsync(database, 1);
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(_folder.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }

        Assert.Equal(["orchestrator.db", "orchestrator.lock", "orchestrator.pid"], Files());
    }

    [Fact]
    public async Task Reopen_AfterCleanStop_KeepsRunnersAndNeverRepeatsAFence()
    {
        IReadOnlyList<Runner> before;
        using (var database = Open())
        {
            before = await FillAsync(database, 3);
        }

        using var again = Open();
        var store = new SqliteRunnerStore(again, _clock);
        Assert.Equal(before, await store.ListAsync("e", Cancel));
        var next = await store.BeginRemoveAsync(before[0].Id, before[0].Fence, Cancel);
        Assert.True(next!.Fence > before.Max(runner => runner.Fence));
    }

    [Fact]
    public async Task Reopen_ReservationsOfTheEarlierProcess_HaveExpired()
    {
        Runner owned, refill, leased;
        using (var database = Open())
        {
            var store = new SqliteRunnerStore(database, _clock);
            owned = (await store.ClaimAsync(Wish("a"), Cancel)).Runner!;
            refill = (await store.ReserveIdleAsync(Wish("x").Reservation, 9, Cancel))!;
            leased = (await FillAsync(database, 1)).Single(runner => runner.State == RunnerState.Leased);
        }

        using var again = Open();
        var reopened = new SqliteRunnerStore(again, _clock);
        var expired = await reopened.ListExpiredAsync("e", Cancel);
        Assert.Equal(new[] { owned.Id, refill.Id }.Order(), expired.Select(runner => runner.Id).Order());
        foreach (var runner in expired)
        {
            Assert.Equal(RunnerState.Removing, (await reopened.ExpireAsync(runner, Cancel))!.State);
        }

        Assert.Equal(leased, await reopened.GetAsync(leased.Id, Cancel));
    }

    [Fact]
    public async Task Open_AfterAKill_FindsEverythingAnswered()
    {
        IReadOnlyList<Runner> before;
        using (var database = Open())
        {
            before = await FillAsync(database, 20);
            CopyTo(Path.Combine(_folder.Path, "killed"));
        }

        using var killed = Open(Path.Combine(_folder.Path, "killed"));
        Assert.Equal(before, await new SqliteRunnerStore(killed, _clock).ListAsync("e", Cancel));
    }

    [Fact]
    public void Open_EmptyFile_IsANewDatabase()
    {
        Directory.CreateDirectory(_folder.Path);
        System.IO.File.WriteAllBytes(File, []);
        using var database = Open();
    }

    [Fact]
    public void Open_FileWithoutTables_IsANewDatabase()
    {
        Directory.CreateDirectory(_folder.Path);
        System.IO.File.WriteAllBytes(File, []);
        using (var connection = StoreConnection.Open(File))
        {
            connection.Execute("PRAGMA journal_mode = WAL");
        }

        Assert.NotEqual(0, new FileInfo(File).Length);

        using var database = Open();
    }

    [Fact]
    public void Open_NotADatabase_IsRefused()
    {
        Directory.CreateDirectory(_folder.Path);
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("Dear diary, ", 1000)));
        AssertRefused("is not an SQLite database");
    }

    [Fact]
    public void Open_AnotherProgramsDatabase_IsRefused()
    {
        Directory.CreateDirectory(_folder.Path);
        System.IO.File.WriteAllBytes(File, []);
        using (var connection = StoreConnection.Open(File))
        {
            connection.Execute("CREATE TABLE bookmarks (url TEXT); PRAGMA application_id = 1234; PRAGMA user_version = 1;");
        }

        AssertRefused("belongs to another program");
    }

    [Fact]
    public async Task Open_NewerVersion_IsRefused()
    {
        using (var database = Open())
        {
            await FillAsync(database, 1);
        }

        SetHeader(60, 99);
        AssertRefused("has version 99");
    }

    [Fact]
    public async Task Open_NewerVersionOnlyInTheLog_IsRefused()
    {
        using (var database = Open())
        {
            await FillAsync(database, 1);
            await database.WriteAsync(
                static database => { database.Writing.Execute("PRAGMA user_version = 99"); return 0; }, database, Cancel);
            CopyTo(Path.Combine(_folder.Path, "killed"));
        }

        AssertRefused("has version 99", Path.Combine(_folder.Path, "killed"));
    }

    [Fact]
    public async Task Open_CutOff_IsRefused()
    {
        using (var database = Open())
        {
            await FillAsync(database, 50);
        }

        using (var file = System.IO.File.OpenWrite(File))
        {
            file.SetLength(file.Length - 3000);
        }

        AssertRefused("is damaged");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Open_DamagedPage_IsRefused(int page)
    {
        using (var database = Open())
        {
            await FillAsync(database, 50);
        }

        Damage(File, page);
        AssertRefused("is damaged");
    }

    [Fact]
    public async Task Open_DamagedAndKilled_IsRefusedAndTheLogIsLeftAlone()
    {
        var killed = Path.Combine(_folder.Path, "killed");
        using (var database = Open())
        {
            await FillAsync(database, 50);
        }

        using (var database = Open())
        {
            await database.WriteAsync(static database => database.NextFence(), database, Cancel);
            CopyTo(killed);
        }

        Damage(Path.Combine(killed, "orchestrator.db"), 3);
        AssertRefused("is damaged", killed);
    }

    [Fact]
    public void Open_FolderInUse_IsRefusedInOneLineNamingTheHolder()
    {
        using var database = Open();
        var refusal = Assert.Throws<StorageException>(() => Open());
        Assert.Contains($"{_folder.Path} is in use by another orchestrator (process {Environment.ProcessId})", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Open_FolderIsAFile_IsRefused()
    {
        System.IO.File.WriteAllText(_folder.Path, "");
        Assert.Contains("can't be used", Assert.Throws<StorageException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MigrationFails_LeavesTheVersionBehindIt()
    {
        using (Open())
        {
        }

        SqliteMigration[] steps = [.. SqliteMigrations.All, new(SqliteMigrations.All.Count + 1, () => "CREATE TABLE later (a); SYNTAX ERROR;")];
        Assert.Throws<StorageException>(() => SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, steps, NullLogger.Instance));

        using (Open())
        {
        }

        steps[^1] = steps[^1] with { Sql = () => "CREATE TABLE later (a);" };
        using (SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, steps, NullLogger.Instance))
        {
        }

        AssertRefused($"has version {steps.Length}");
    }

    [Fact]
    public void Migrations_AreNumberedWithoutGaps() =>
        Assert.Equal(Enumerable.Range(1, SqliteMigrations.All.Count), SqliteMigrations.All.Select(step => step.Version));

    [Fact]
    public void Migrations_EveryFile_IsAStep() => Assert.Equal(
        typeof(SqliteMigration).Assembly.GetManifestResourceNames().Count(name => name.Contains(".Migrations.", StringComparison.Ordinal)),
        SqliteMigrations.All.Select(step => step.Sql()).Distinct().Count());

    private SqliteDatabase Open(string? folder = null) =>
        SqliteDatabase.Open(new SqliteOptions { DataFolder = folder ?? _folder.Path }, NullLogger<SqliteDatabase>.Instance);

    private async Task<IReadOnlyList<Runner>> FillAsync(SqliteDatabase database, int runners)
    {
        var store = new SqliteRunnerStore(database, _clock);
        for (var i = 0; i < runners; i++)
        {
            var reserved = (await store.ClaimAsync(Wish($"owner-{i}"), Cancel)).Runner!;
            await store.AttachAsync(reserved.Id, reserved.Fence, new RunnerPlacement(new string('c', 64), "image", "sha256:1", null, 40_000 + i), TimeSpan.FromMinutes(1), Cancel);
        }

        return await store.ListAsync("e", Cancel);
    }

    private static ClaimRequest Wish(string owner) => new(
        Owner.Session(owner), TimeSpan.FromMinutes(1), null, true,
        new Reservation($"runner-{owner}", "session", "e", "plan", "token", RunnerNetwork.Bridge, null, TimeSpan.FromMinutes(1)));

    private void AssertRefused(string cause, string? folder = null)
    {
        folder ??= _folder.Path;
        var before = Contents(folder);
        var refusal = Assert.Throws<StorageException>(() => Open(folder));
        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder, "orchestrator.db"), refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(before, Contents(folder));
    }

    private static Dictionary<string, string> Contents(string folder) => Directory.GetFiles(folder)
        .Where(file => Path.GetExtension(file) is not (".lock" or ".pid"))
        .ToDictionary(file => file, file => Convert.ToHexString(System.IO.File.ReadAllBytes(file)));

    private IEnumerable<string> Files() => Directory.GetFiles(_folder.Path).Select(file => Path.GetFileName(file)).Order();

    // What a kill leaves: the database and its log as they are just now.
    private void CopyTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "orchestrator.db", "orchestrator.db-wal" })
        {
            using var from = new FileStream(Path.Combine(_folder.Path, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var to = System.IO.File.Create(Path.Combine(folder, name));
            from.CopyTo(to);
        }
    }

    private void SetHeader(int offset, int value)
    {
        var bytes = System.IO.File.ReadAllBytes(File);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(offset), value);
        System.IO.File.WriteAllBytes(File, bytes);
    }

    private static void Damage(string file, int page)
    {
        var bytes = System.IO.File.ReadAllBytes(file);
        bytes.AsSpan((page - 1) * 2048, 2048).Fill(0xA5);
        System.IO.File.WriteAllBytes(file, bytes);
    }
}
