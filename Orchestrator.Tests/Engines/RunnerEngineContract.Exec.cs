using System.Diagnostics;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines;

public abstract partial class RunnerEngineContract
{
    [Fact]
    public async Task Exec_OutputErrorInputAndEnvironment_ArriveApart()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();
        var request = Command("cat; echo \"$GREETING\" >&2; exit 7") with
        {
            Stdin = "read me",
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello ü" },
        };

        var result = await ExecAsync(placement, request, output, Cancel);

        Assert.Equal((7, false, false, false), (result.ExitCode, result.TimedOut, result.Truncated, result.StillRunning));
        Assert.Equal(("read me", "hello ü\n"), (output.Stdout, output.Stderr));
        Assert.InRange(result.Duration, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Exec_WithoutInput_SeesItsEnd()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();

        var result = await ExecAsync(placement, Command("wc -c"), output, Cancel);

        Assert.Equal((0, "0"), (result.ExitCode, output.Stdout.Trim()));
    }

    [Fact]
    public async Task Exec_OutputComesWhileItRuns()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();

        var running = ExecAsync(placement, Command("echo first; sleep 2; echo last"), output, Cancel);
        await output.First.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.False(running.IsCompleted);
        Assert.Equal("first\n", output.Stdout);
        await running;
        Assert.Equal("first\nlast\n", output.Stdout);
    }

    [Fact]
    public async Task Exec_SilentCommand_IsToldThatItBegan()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();

        var running = ExecAsync(placement, Command("sleep 2"), output, Cancel);
        await output.Begun.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.False(running.IsCompleted);
        Assert.Equal(0, (await running).ExitCode);
    }

    [Fact]
    public async Task Exec_TooMuchOutput_IsCutAndEnds()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();

        var result = await ExecAsync(placement, Command("yes | head -c 3000000; echo done >&2") with { MaxOutputBytes = 1000 }, output, Cancel);

        Assert.Equal((0, true), (result.ExitCode, result.Truncated));
        Assert.Equal((1000, "done\n"), (output.Stdout.Length, output.Stderr));
    }

    [Fact]
    public async Task Exec_LargeInputThatNobodyReads_Ends()
    {
        var (_, placement) = await StartReadyAsync();

        var result = await ExecAsync(placement, Command("exit 0") with { Stdin = new string('x', 3_000_000) }, new TextOutput(), Cancel);

        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Exec_PastItsTime_SaysSo()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();
        var watch = Stopwatch.StartNew();

        var result = await ExecAsync(placement, Command("echo begun; sleep 60") with { Timeout = TimeSpan.FromSeconds(1.5) }, output, Cancel);

        Assert.Equal((null, true), (result.ExitCode, result.TimedOut));
        Assert.Equal("begun\n", output.Stdout);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.4), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Exec_RunnerDiesMeanwhile_SaysGone()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();
        var running = ExecAsync(placement, Command("echo begun; sleep 60"), output, Cancel);
        await output.First.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        await fixture.KillAsync(placement);

        await Assert.ThrowsAsync<RunnerGoneException>(() => running.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        await Assert.ThrowsAsync<RunnerGoneException>(() => ExecAsync(placement, Command("true"), output, Cancel));
    }

    [Fact]
    public async Task Exec_GoneRunner_SaysGoneBeforeItBegins()
    {
        var output = new TextOutput();

        await Assert.ThrowsAsync<RunnerGoneException>(() => Engine.ExecAsync("none", Command("true"), output, Cancel));

        Assert.False(output.Begun.IsCompleted);
    }

    [Fact]
    public async Task Logs_OfARunner_AreCopied()
    {
        var (spec, placement) = await StartReadyAsync();
        var none = new TextOutput();

        // An engine writes down what it was told a moment later.
        await Eventually.TrueAsync(
            async () =>
            {
                var all = new TextOutput();
                await Engine.CopyLogsAsync(placement.Handle, follow: false, tail: null, all, Cancel);
                return (all.Stdout + all.Stderr).Length > 0;
            },
            what: "A line of the runner in its log");
        await Engine.CopyLogsAsync(placement.Handle, follow: false, tail: 0, none, Cancel);

        Assert.Equal("", none.Stdout + none.Stderr);
        Assert.True(none.Begun.IsCompleted);
    }

    [Fact]
    public async Task Logs_OfAGoneRunner_SayGoneBeforeTheyBegin()
    {
        var output = new TextOutput();

        await Assert.ThrowsAsync<RunnerGoneException>(() => Engine.CopyLogsAsync("none", false, null, output, Cancel));

        Assert.False(output.Begun.IsCompleted);
    }

    [Fact]
    public async Task Logs_Followed_EndWithTheRunner()
    {
        var (_, placement) = await StartReadyAsync();
        var output = new TextOutput();
        var following = Engine.CopyLogsAsync(placement.Handle, follow: true, tail: null, output, Cancel);
        await output.Begun.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.False(following.IsCompleted);

        await fixture.KillAsync(placement);

        await following.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Logs_FollowedAndCancelled_End()
    {
        var (_, placement) = await StartReadyAsync();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Engine.CopyLogsAsync(placement.Handle, follow: true, tail: null, new TextOutput(), stop.Token).WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    protected static ExecRequest Command(string script) =>
        new(["sh", "-c", script], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(20));
}
