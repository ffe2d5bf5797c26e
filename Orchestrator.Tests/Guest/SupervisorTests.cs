using System.Diagnostics;
using System.Text;
using Orchestrator.Guest.Protocol;
using Orchestrator.Tests.Infrastructure;
using static Orchestrator.Tests.Guest.SupervisedCommand;

namespace Orchestrator.Tests.Guest;

public sealed class SupervisorTests
{
    /// <summary>A length of sleep that no other process has, to find it by.</summary>
    private readonly string _sleep = $"sleep 9{Random.Shared.Next(100_000, 999_999)}";

    [Fact]
    public async Task Run_BothStreams_AreToldApart()
    {
        var (exit, output, error) = await RunAsync(Shell("echo out; echo err >&2; exit 3"));

        Assert.Equal((3, "out\n", "err\n"), (exit.ExitCode, output, error));
        Assert.False(exit.TimedOut || exit.Truncated);
        Assert.Null(exit.Error);
        Assert.InRange(exit.DurationMs, 0.01, 20_000);
    }

    [Fact]
    public async Task Run_KilledBySignal_ExitsWith128PlusSignal()
    {
        Assert.Equal(128 + 15, (await RunAsync(Shell("kill -TERM $$"))).Exit.ExitCode);
    }

    [Theory]
    [InlineData("no-such-program", 127, "not found")]
    [InlineData("/no/such/program", 127, "not found")]
    [InlineData("/etc/passwd", 126, "cannot be executed")]
    [InlineData("/tmp", 126, "cannot be executed")]
    public async Task Run_NoProgram_SaysWhy(string program, int code, string why)
    {
        var (exit, _, _) = await RunAsync(new CommandRequest([program]));

        Assert.Equal(code, exit.ExitCode);
        Assert.Contains(why, exit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkingDirectoryAndEnvironment_AreTheCommands()
    {
        var request = Shell("pwd; echo $COLOUR; echo $PATH; echo $RUNNER_TOKEN_SHA256") with
        {
            WorkingDirectory = "/usr/bin",
            Env = new Dictionary<string, string> { ["COLOUR"] = "grün", ["PATH"] = "/usr/bin:/bin" },
        };

        Assert.Equal("/usr/bin\ngrün\n/usr/bin:/bin\n\n", (await RunAsync(request)).Output);
    }

    [Fact]
    public async Task Run_WorkingDirectoryMissing_SaysSo()
    {
        var (exit, _, _) = await RunAsync(Shell("true") with { WorkingDirectory = "/no/such/folder" });

        Assert.Equal(126, exit.ExitCode);
        Assert.Contains("/no/such/folder", exit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SignalsIgnoredByTheRuntime_AreDefaultForTheCommand()
    {
        // With SIGPIPE ignored, "yes" would complain instead of dying silently.
        var (exit, output, error) = await RunAsync(Shell("yes | head -n 1"));

        Assert.Equal((0, "y\n", ""), (exit.ExitCode, output, error));
    }

    [Fact]
    public async Task Run_Input_ReachesTheCommandWhole()
    {
        await using var command = new SupervisedCommand(Shell("sha256sum"));
        var input = new byte[3_000_000];
        Random.Shared.NextBytes(input);
        command.SendInput(input);
        command.EndInput();

        Assert.Equal(0, (await command.ExitAsync()).ExitCode);
        Assert.StartsWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input)), command.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CommandThatReadsNoInput_EndsAllTheSame()
    {
        using var folder = new TemporaryFolder();
        await using var command = new SupervisedCommand(Shell($"exec 0<&-; echo closed; until [ -e '{folder.Path}' ]; do sleep 0.01; done; exit 4"));
        await command.OutputHasAsync("closed");
        // More than pipes hold: the supervisor has met the closed input by the time that all is written.
        for (var part = 0; part < 30; part++)
        {
            command.SendInput(new byte[10_000]);
        }

        // Only now: one that has ended by itself takes its supervisor with it, and the rest of the input has no reader.
        Directory.CreateDirectory(folder.Path);

        Assert.Equal(4, (await command.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Run_Conversation_PassesOutputOnAsItIsProduced()
    {
        await using var command = new SupervisedCommand(Shell("while read line; do echo \"got $line\"; done; exit 5"));
        for (var turn = 0; turn < 5; turn++)
        {
            // The next line is sent only when the answer to the last is here: nothing may be held back.
            command.SendInput(Encoding.UTF8.GetBytes($"{turn}\n"));
            await command.OutputHasAsync($"got {turn}\n");
        }

        command.EndInput();

        Assert.Equal(5, (await command.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Run_BothStreamsAtFullSpeed_LosesNothing()
    {
        const int Size = 5_000_000;
        var (exit, output, error) = await RunAsync(Shell(
            $"(head -c {Size} /dev/zero | tr '\\0' o) & (head -c {Size} /dev/zero | tr '\\0' e) >&2; wait", maxOutputBytes: Size));

        Assert.Equal(0, exit.ExitCode);
        Assert.False(exit.Truncated);
        Assert.Equal((Size, Size), (output.Length, error.Length));
        Assert.Equal((Size, Size), (output.Count(letter => letter == 'o'), error.Count(letter => letter == 'e')));
    }

    [Fact]
    public async Task Run_OutputOverTheLimit_IsDroppedWithoutBlockingTheCommand()
    {
        var (exit, output, error) = await RunAsync(Shell(
            "head -c 5000000 /dev/zero | tr '\\0' o; echo short >&2; exit 6", maxOutputBytes: 1000));

        Assert.Equal((6, true), (exit.ExitCode, exit.Truncated));
        Assert.Equal(new string('o', 1000), output);
        Assert.Equal("short\n", error);
    }

    [Fact]
    public async Task Run_OutputOfExactlyTheLimit_IsNotTruncated()
    {
        var (exit, output, _) = await RunAsync(Shell("printf 12345", maxOutputBytes: 5));

        Assert.Equal(("12345", false), (output, exit.Truncated));
    }

    [Fact]
    public async Task Run_PastTheDeadline_KillsWhatLeftTheSession()
    {
        var began = Stopwatch.GetTimestamp();
        var (exit, output, _) = await RunAsync(Shell(
            $"trap '' TERM HUP INT; echo begun; (setsid sh -c 'setsid {_sleep} & exec {_sleep}' &); {_sleep}", timeoutMs: 1000));

        Assert.Equal((null, true, "begun\n"), (exit.ExitCode, exit.TimedOut, output));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 10);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Run_ForkBomb_IsDeadAfterTheDeadline()
    {
        // Every one forks on into a session of its own; the marker is the bomb's only common trait.
        var marker = _sleep.Replace(' ', '-');
        var bomb = $"n=${{1:-0}}; [ $n -lt 40 ] || exit; while :; do setsid sh \"$0\" $((n+1)) {marker} & wait; done";
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, bomb, TestContext.Current.CancellationToken);
        try
        {
            var (exit, _, _) = await RunAsync(new CommandRequest(["sh", script, "0", marker], TimeoutMs: 1500));

            Assert.True(exit.TimedOut);
            Assert.Empty(RunnerProcess.WithCommandLine(marker));
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Fact]
    public async Task Run_BackgroundGrandchildHoldsTheStreams_EndsWithItsParent()
    {
        var began = Stopwatch.GetTimestamp();
        var (exit, output, _) = await RunAsync(Shell($"setsid {_sleep} & echo last; exit 7"));

        Assert.Equal((7, "last\n"), (exit.ExitCode, output));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Run_OrphanWithAnEmptyEnvironment_IsKilledToo()
    {
        await RunAsync(Shell($"(env -i setsid {_sleep} &) ; sleep 0.2"));

        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Run_CallerGone_KillsEverything()
    {
        await using var command = new SupervisedCommand(Shell($"setsid {_sleep} & echo begun; {_sleep}"));
        await command.OutputHasAsync("begun");

        command.HangUp();

        await command.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await RunnerProcess.NoneLeftAsync(_sleep);
    }

    [Fact]
    public async Task Run_CallerThatReadsNothing_DoesNotStretchTheDeadline()
    {
        await using var command = new SupervisedCommand(
            Shell($"yes {_sleep}", timeoutMs: 1000, maxOutputBytes: long.MaxValue));

        await RunnerProcess.NoneLeftAsync($"yes {_sleep}");
        Assert.True((await command.ExitAsync()).TimedOut);
    }

    [Fact]
    public async Task Run_ManyShortLivedOrphans_LeaveNoZombies()
    {
        await using var command = new SupervisedCommand(
            Shell("for i in $(seq 200); do (setsid true &); done; sleep 1; ps -o stat= --ppid $PPID | grep -c Z; exit 0"));
        command.EndInput();
        await command.ExitAsync();

        Assert.Equal("0\n", command.Output);
    }

    [Fact]
    public async Task Run_InputThatIsNoFrame_IsRefused()
    {
        await using var command = new SupervisedCommand(Shell($"echo begun; {_sleep}"));
        await command.OutputHasAsync("begun");
        command.Process.StandardInput.BaseStream.Write("GET / HTTP/1.1\r\n"u8);
        command.Process.StandardInput.BaseStream.Flush();

        Assert.Contains("frame", (await command.ExitAsync()).Error, StringComparison.Ordinal);
        await RunnerProcess.NoneLeftAsync(_sleep);
    }
}
