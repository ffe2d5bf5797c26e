using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>
/// What was answered survives kill -9. The victim is a process of its own: this test assembly, told to run
/// <see cref="Victim_ClaimsUntilItIsKilled"/> alone.
/// </summary>
public sealed class SqliteKillTests : IDisposable
{
    private const string FolderVariable = "ORCHESTRATOR_TEST_KILL_FOLDER";
    private const int Owners = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Fault("store-killed", "store", "its process is killed at random moments during writes", "every acknowledged write is kept")]
    public async Task Kill_AtRandomMoments_EverythingAnsweredIsThere()
    {
        var cancel = TestContext.Current.CancellationToken;
        Directory.CreateDirectory(_folder.Path);
        Dictionary<long, string> fences = [];
        for (var round = 0; round < 6; round++)
        {
            var answers = Path.Combine(_folder.Path, $"answers-{round}");
            using var victim = Start(answers);
            await WaitForAsync(() => File.Exists(answers) && new FileInfo(answers).Length > 2_000, victim);

            var refusal = Assert.Throws<StorageException>(() => Open());
            Assert.Contains($"(process {victim.Id})", refusal.Message, StringComparison.Ordinal);
            await Pace.PauseAsync(Random.Shared.Next(1, 300), cancel);
            victim.Kill();
            await victim.WaitForExitAsync(cancel);

            using var database = Open();
            var store = new SqliteRunnerStore(database, TimeProvider.System);
            await CheckAsync(store, answers, fences, cancel);
        }
    }

    [Fact(Explicit = true)]
    public async Task Victim_ClaimsUntilItIsKilled()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, "Only for the process that is to be killed.");
        using var database = SqliteDatabase.Open(new SqliteOptions { DataFolder = folder }, NullLogger<SqliteDatabase>.Instance);
        var store = new SqliteRunnerStore(database, TimeProvider.System);
        await using var answers = new FileStream(Environment.GetEnvironmentVariable(FolderVariable + "_ANSWERS")!, FileMode.Create, FileAccess.Write, FileShare.Read, 0);

        await Task.WhenAll(Enumerable.Range(0, Owners).Select(owner => Task.Run(() => LiveAsync(owner))));

        async Task LiveAsync(int owner)
        {
            while (true)
            {
                var id = RunnerId.Create("session", DateTimeOffset.UtcNow);
                var reservation = new Reservation(id, "session", "e", "plan", "token", RunnerNetwork.Bridge, null, TimeSpan.FromMinutes(1));
                var who = Owner.Session(FormattableString.Invariant($"owner-{owner}"));
                var runner = (await store.ClaimAsync(new ClaimRequest(who, TimeSpan.FromMinutes(1), null, true, reservation), default)).Runner!;
                Tell(runner);
                if (runner.State == RunnerState.Creating)
                {
                    Tell(runner = (await store.AttachAsync(runner.Id, runner.Fence, new RunnerPlacement("c", "i", "s", null, null), null, default))!);
                }

                Tell(runner = owner % 2 == 0
                    ? (await store.ReturnAsync(runner.Id, runner.Fence, default))!
                    : (await store.BeginRemoveAsync(runner.Id, runner.Fence, default))!);
                if (runner.State == RunnerState.Removing && await store.DeleteAsync(runner.Id, runner.Fence, default))
                {
                    Tell(runner, "gone");
                }
            }
        }

        // Straight to the file: what the operating system has taken survives the process.
        void Tell(Runner runner, string? state = null)
        {
            var line = FormattableString.Invariant($"{runner.Id} {runner.Fence} {state ?? runner.State.ToString()} {runner.Owner?.Id}\n");
            lock (answers)
            {
                answers.Write(System.Text.Encoding.ASCII.GetBytes(line));
            }
        }
    }

    // The store holds, of every runner, what was answered last or what came after that and was not answered any more.
    private static async Task CheckAsync(SqliteRunnerStore store, string answers, Dictionary<long, string> fences, CancellationToken cancel)
    {
        var lines = (await File.ReadAllLinesAsync(answers, cancel)).Select(line => line.Split(' ')).Where(words => words.Length == 4).ToList();
        var perRunner = lines.GroupBy(words => words[0]).Select(group => group.MaxBy(words => (Fence(words), words[2] == "gone"))!).ToList();
        Assert.True(lines.Count > 10);
        foreach (var words in perRunner)
        {
            var stored = await store.GetAsync(words[0], cancel);
            if (words[2] == "gone")
            {
                Assert.Null(stored);
            }
            else if (words[2] == nameof(RunnerState.Removing))
            {
                // An owner finds what its predecessor was removing, and begins that anew.
                Assert.True(
                    stored is null || (stored.State == RunnerState.Removing && stored.Fence >= Fence(words)),
                    $"{words[0]} was answered as removing with {Fence(words)} and is {stored?.State} with {stored?.Fence}.");
            }
            else
            {
                Assert.True(stored?.Fence >= Fence(words), $"{words[0]} was answered with {Fence(words)} and has {stored?.Fence}.");
            }

            if (stored?.Fence == Fence(words))
            {
                Assert.Equal((words[2], words[3]), (stored.State.ToString(), stored.Owner?.Id ?? ""));
            }
        }

        // No fence is given twice, by no process.
        foreach (var words in lines)
        {
            Assert.True(fences.TryAdd(Fence(words), words[0]) || fences[Fence(words)] == words[0], $"{words[0]} has the fence of {fences[Fence(words)]}.");
        }

        var all = await store.ListAsync("e", cancel);
        Assert.Equal(all.Count(runner => runner.Owner is not null), all.Where(runner => runner.Owner is not null).DistinctBy(runner => runner.Owner).Count());
        var counts = await store.CountAsync("e", "session", cancel);
        Assert.Equal(all.Count, counts.Idle + counts.Refilling + counts.Creating + counts.Leased + counts.Removing);
    }

    private static long Fence(string[] words) => long.Parse(words[1], CultureInfo.InvariantCulture);

    private SqliteDatabase Open() => SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);

    private Process Start(string answers)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SqliteKillTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(SqliteKillTests).FullName}.{nameof(Victim_ClaimsUntilItIsKilled)}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[FolderVariable] = _folder.Path;
        start.Environment[FolderVariable + "_ANSWERS"] = answers;
        return Subprocess.Start(start);
    }

    private static Task WaitForAsync(Func<bool> condition, Process victim) => Eventually.TrueAsync(
        () =>
        {
            Assert.False(victim.HasExited, "The victim ended by itself.");
            return condition();
        },
        TimeSpan.FromSeconds(60),
        "An answer of the victim");
}
