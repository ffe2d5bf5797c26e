using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>Much output, much input, followers that come, go and dawdle.</summary>
public sealed class ProcessFlowTests(GuestServer server) : IClassFixture<GuestServer>
{
    private readonly string _sleep = $"sleep 6{Random.Shared.Next(100_000, 999_999)}";

    private GuestClient Guest => server.Guest;

    [Fact]
    public async Task Output_OneGigabyte_PassesInConstantMemory()
    {
        // As the SDKs ask for it, but the answer is counted, not kept.
        const long Size = 1_000_000_000;
        await using var run = await Guest.StartAsync(new { process = new { cmd = "head", args = new[] { "-c", $"{Size}", "/dev/zero" } }, stdin = false });
        await run.BeginAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var counted = await run.CountAsync();

        Assert.Equal(Size, counted);
        Assert.Equal("exit status 0", run.End.GetProperty("status").GetString());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20_000_000);
    }

    [Fact]
    public async Task Input_HundredMegabytes_ArrivesWhole()
    {
        await using var run = await (await Guest.StartAsync(new { process = new { cmd = "sha256sum" } })).BeginAsync();
        var part = RandomNumberGenerator.GetBytes(5_000_000);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var count = 0; count < 20; count++)
        {
            hash.AppendData(part);
            await Guest.OkAsync("SendInput", new { process = new { pid = run.Pid }, input = new { stdin = part } });
        }

        await Guest.OkAsync("CloseStdin", new { process = new { pid = run.Pid } });

        Assert.StartsWith(Convert.ToHexStringLower(hash.GetHashAndReset()), (await run.ReadToEndAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendSignal_WhileInputIsNotRead_ReachesTheProcess()
    {
        await using var run = await (await Guest.StartAsync(new { process = new { cmd = "sleep", args = new[] { "600" } } })).BeginAsync();
        var sending = Guest.CallAsync("SendInput", new { process = new { pid = run.Pid }, input = new { stdin = new byte[2_000_000] } });

        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = 15 });

        Assert.Equal("signal: terminated", (await run.ReadToEndAsync()).End.GetProperty("status").GetString());
        await sending;
    }

    [Fact]
    public async Task Connect_AfterACut_ContinuesWithNothingLostAndNothingTwice()
    {
        // Counts for as long as it is asked to, so that every cut is in the middle.
        await using var run = await (await Guest.ShellAsync("i=0; while read -t 0.002 line || [ $? -gt 128 ]; do echo $((i++)); done; echo end", stdin: true)).BeginAsync();
        var (pid, since, all) = (run.Pid, "0", new StringBuilder());
        for (var cut = 0; cut < 5; cut++)
        {
            await using var part = await Guest.FollowAsync(new { process = new { pid }, since });
            await part.OutputHasAsync($"{(cut + 1) * 10}\n");
            all.Append(part.Output);
            since = part.Offset!;
        }

        await Guest.OkAsync("CloseStdin", new { process = new { pid } });
        await using var rest = await (await Guest.FollowAsync(new { process = new { pid }, since })).ReadToEndAsync();
        all.Append(rest.Output);

        var lines = all.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 50);
        Assert.Equal([.. Enumerable.Range(0, lines.Length - 1).Select(number => $"{number}"), "end"], lines);
        Assert.Equal(all.Length, int.Parse(rest.Offset!, null));
    }

    [Fact]
    public async Task Connect_EndedProcess_ReplaysItsLastMebibyte()
    {
        await using var run = await Guest.ShellAsync("head -c 3000000 /dev/zero | tr '\\0' a; echo tail; exit 9");
        await run.ReadToEndAsync();

        await using var replay = await (await Guest.FollowAsync(new { process = new { pid = run.Pid }, since = "0" })).ReadToEndAsync();
        await using var silent = await (await Guest.FollowAsync(new { process = new { pid = run.Pid } })).ReadToEndAsync();

        Assert.Equal((1 << 20, "3000005"), (replay.Output.Length, replay.Offset));
        Assert.EndsWith("aatail\n", replay.Output, StringComparison.Ordinal);
        Assert.Equal(9, replay.End.GetProperty("exitCode").GetInt32());
        Assert.Equal(("", 9), (silent.Output, silent.End.GetProperty("exitCode").GetInt32()));
    }

    [Fact]
    public async Task Connect_SeveralFollowers_EachSeeAllFromThenOn()
    {
        await using var run = await (await Guest.ShellAsync("echo early; read line; echo late; read line", stdin: true)).OutputHasAsync("early");
        var followers = new List<ProcessFollower>();
        for (var count = 0; count < 5; count++)
        {
            followers.Add(await (await Guest.FollowAsync(new { process = new { pid = run.Pid } })).BeginAsync());
        }

        await Guest.OkAsync("SendInput", new { process = new { pid = run.Pid }, input = new { stdin = "Cg==" } });
        await Guest.OkAsync("CloseStdin", new { process = new { pid = run.Pid } });
        foreach (var follower in followers)
        {
            await follower.ReadToEndAsync();
            Assert.Equal(("late\n", "exit status 1"), (follower.Output, follower.End.GetProperty("status").GetString()));
            await follower.DisposeAsync();
        }
    }

    [Fact]
    public async Task Follower_ThatReadsNothing_PausesTheProcessUntilItLeaves()
    {
        using var folder = new TemporaryFolder();
        var progress = $"{Directory.CreateDirectory(folder.Path).FullName}/progress";
        await using var run = await (await Guest.ShellAsync(
            $"for ((i = 0; i < 400; i++)); do head -c 100000 /dev/zero; echo $i > {progress}; done")).BeginAsync();
        // 40 MB are a hundred times what fits between: it stops, and stays where it is.
        var stopped = await StandingAsync(progress);
        Assert.InRange(stopped, 1, 250);

        await run.DisposeAsync();

        await Eventually.TrueAsync(() => Read(progress) == 399, what: "The end of a process that nobody holds up");
    }

    [Fact]
    public async Task Process_WithoutFollowers_GoesOnAndKeepsItsLastOutput()
    {
        await using var run = await (await Guest.ShellAsync("read line; head -c 5000000 /dev/zero; echo last", stdin: true)).BeginAsync();
        await run.DisposeAsync();
        await Guest.OkAsync("CloseStdin", new { process = new { pid = run.Pid } });

        await Eventually.TrueAsync(
            async () =>
            {
                await using var follower = await (await Guest.FollowAsync(new { process = new { pid = run.Pid }, since = "0" })).ReadToEndAsync();
                return follower.Output.EndsWith("last\n", StringComparison.Ordinal) && follower.Output.Length == 1 << 20;
            },
            what: "The last mebibyte");
    }

    [Fact]
    public async Task Caller_OfAForegroundProcess_TakesItAlongWhenItLeaves()
    {
        await using (var run = await Guest.StartAsync(new
        {
            process = new { cmd = "/bin/bash", args = new[] { "-c", $"setsid {_sleep} & echo begun; {_sleep}" } },
            foreground = true,
        }))
        {
            await run.OutputHasAsync("begun");
        }

        await RunnerProcess.NoneLeftAsync(_sleep);
    }

    [Fact]
    public async Task Start_SixtyFourLive_TheNextIsRefused()
    {
        await using var own = new GuestServer();
        await own.InitializeAsync();
        var runs = new List<ProcessFollower>();
        for (var count = 0; count < 64; count++)
        {
            runs.Add(await (await own.Guest.StartAsync(new { process = new { cmd = "cat" } })).BeginAsync());
        }

        await using (var refused = await (await own.Guest.StartAsync(new { process = new { cmd = "true" } })).ReadToEndAsync())
        {
            Assert.Equal("resource_exhausted", refused.Code);
        }

        await own.Guest.OkAsync("CloseStdin", new { process = new { pid = runs[0].Pid } });
        await runs[0].ReadToEndAsync();
        await using var again = await (await own.Guest.StartAsync(new { process = new { cmd = "true" } })).ReadToEndAsync();
        Assert.Null(again.Code);
        foreach (var run in runs)
        {
            await run.DisposeAsync();
        }
    }

    /// <summary>The progress that does not change for a while.</summary>
    private static async Task<int> StandingAsync(string file)
    {
        var (last, since) = (-1, Stopwatch.GetTimestamp());
        await Eventually.TrueAsync(
            () =>
            {
                var now = Read(file);
                (last, since) = now == last ? (last, since) : (now, Stopwatch.GetTimestamp());
                return last > 0 && Stopwatch.GetElapsedTime(since) > TimeSpan.FromMilliseconds(500);
            },
            what: "A process that stands still");
        return last;
    }

    private static int Read(string file) =>
        File.Exists(file) && int.TryParse(File.ReadAllText(file), out var number) ? number : -1;
}
