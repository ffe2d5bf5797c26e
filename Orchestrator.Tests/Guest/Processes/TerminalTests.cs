using System.Text;
using System.Text.Json;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>Processes with a terminal.</summary>
public sealed class TerminalTests(GuestServer server) : IClassFixture<GuestServer>
{
    private GuestClient Guest => server.Guest;

    [Fact]
    public async Task Update_Resize_IsSeenByTheProgram()
    {
        await using var shell = await ShellAsync(cols: 100, rows: 40);
        await TypeAsync(shell, "trap 'echo changed=yes' WINCH; stty size; echo colours=$TERM\n");
        await shell.OutputHasAsync("40 100");
        await shell.OutputHasAsync("colours=xterm-256color");

        await Guest.OkAsync("Update", new { process = new { pid = shell.Pid }, pty = new { size = new { cols = 132, rows = 50 } } });
        await TypeAsync(shell, "stty size\n");

        await shell.OutputHasAsync("50 132");
        await shell.OutputHasAsync("changed=yes");
    }

    [Fact]
    public async Task SendInput_ControlC_InterruptsTheProgramAndNotTheShell()
    {
        await using var shell = await ShellAsync();
        await TypeAsync(shell, "bash -c 'echo begun=$((1+1)); exec sleep 600'\n");
        await shell.OutputHasAsync("begun=2");

        await TypeAsync(shell, "\u0003");
        await TypeAsync(shell, "echo after=$?\n");

        await shell.OutputHasAsync("after=130");
    }

    [Fact]
    public async Task SendInput_ControlZ_StopsTheJobForTheShellToContinue()
    {
        await using var shell = await ShellAsync();
        await TypeAsync(shell, "bash -c 'echo begun=$((1+1)); exec sleep 600'\n");
        await shell.OutputHasAsync("begun=2");

        await TypeAsync(shell, "\u001a");
        await shell.OutputHasAsync("Stopped");
        await TypeAsync(shell, "kill %1; fg; echo over=$?\n");

        await shell.OutputHasAsync("over=143");
    }

    [Fact]
    public async Task SendInput_ControlD_EndsTheShell()
    {
        await using var shell = await ShellAsync();
        await TypeAsync(shell, "echo 'gr\u00fcn'; (exit 3)\n");
        await shell.OutputHasAsync(Encoding.Latin1.GetString("grün"u8));

        await TypeAsync(shell, "\u0004");

        Assert.Equal("exit status 3", (await shell.ReadToEndAsync()).End.GetProperty("status").GetString());
    }

    [Fact]
    public async Task SendInput_Stdin_IsRefusedForATerminal()
    {
        await using var shell = await ShellAsync();

        var (_, input) = await Guest.CallAsync("SendInput", new { process = new { pid = shell.Pid }, input = new { stdin = "aGk=" } });
        var (_, close) = await Guest.CallAsync("CloseStdin", new { process = new { pid = shell.Pid } });

        Assert.Equal("failed_precondition", input.GetProperty("code").GetString());
        Assert.Equal("failed_precondition", close.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Update_OfAProcessWithPipes_IsRefused()
    {
        await using var run = await (await Guest.StartAsync(new { process = new { cmd = "cat" } })).BeginAsync();

        var (_, body) = await Guest.CallAsync("Update", new { process = new { pid = run.Pid }, pty = new { size = new { cols = 80, rows = 24 } } });

        Assert.Equal("failed_precondition", body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Start_SixteenTerminals_EachIsItsOwn()
    {
        var shells = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ShellAsync()));
        var names = new HashSet<string>();
        for (var number = 0; number < shells.Length; number++)
        {
            await TypeAsync(shells[number], $"echo number={number} $(tty)=tty\n");
            await shells[number].OutputHasAsync($"number={number} /dev/pts/");
            await shells[number].OutputHasAsync("=tty\r\n");
            names.Add(shells[number].Output.Split($"number={number} /dev/pts/")[1].Split("=tty")[0]);
        }

        Assert.Equal(16, names.Count);
        foreach (var shell in shells)
        {
            await Guest.OkAsync("SendSignal", new { process = new { pid = shell.Pid }, signal = 9, tree = true });
            await shell.ReadToEndAsync();
            await shell.DisposeAsync();
        }
    }

    [Fact]
    public async Task Start_ProgramThatEndsAtOnce_LosesNoOutput()
    {
        for (var turn = 0; turn < 20; turn++)
        {
            await using var run = await (await Guest.StartAsync(new
            {
                process = new { cmd = "/bin/bash", args = new[] { "-c", "seq 2000" } },
                pty = new { size = new { cols = 80, rows = 24 } },
            })).ReadToEndAsync();

            Assert.EndsWith("1999\r\n2000\r\n", run.Output, StringComparison.Ordinal);
            Assert.Equal("exit status 0", run.End.GetProperty("status").GetString());
        }
    }

    private async Task<ProcessFollower> ShellAsync(int cols = 80, int rows = 24)
    {
        var shell = await Guest.StartAsync(new
        {
            process = new { cmd = "/bin/bash", args = new[] { "--norc", "--noprofile", "-i" }, envs = new { TERM = "xterm-256color", LANG = "C.UTF-8" } },
            pty = new { size = new { cols, rows } },
        });
        return await shell.OutputHasAsync("bash");
    }

    private Task<JsonElement> TypeAsync(ProcessFollower shell, string keys) => Guest.OkAsync(
        "SendInput", new { process = new { pid = shell.Pid }, input = new { pty = Encoding.UTF8.GetBytes(keys) } });
}
