using System.Text;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>Start, List, SendInput and their kin (docs/contract/e2b.md, 3.3).</summary>
public sealed class ProcessStartTests(GuestServer server) : IClassFixture<GuestServer>
{
    private GuestClient Guest => server.Guest;

    [Fact]
    public async Task Start_ShellThatFails_TellsStreamsAndCode()
    {
        await using var run = await (await Guest.ShellAsync("echo out; echo err >&2; exit 3")).ReadToEndAsync();

        Assert.Equal(("out\n", "err\n"), (run.Output, run.Error));
        Assert.Equal(3, run.End.GetProperty("exitCode").GetInt32());
        Assert.True(run.End.GetProperty("exited").GetBoolean());
        Assert.Equal("exit status 3", run.End.GetProperty("status").GetString());
        Assert.Equal("exit status 3", run.End.GetProperty("error").GetString());
        Assert.True(run.End.GetProperty("durationMs").GetDouble() > 0);
        Assert.Null(run.Code);
    }

    [Fact]
    public async Task Start_ShellThatSucceeds_TellsStatusZero()
    {
        await using var run = await (await Guest.ShellAsync("true")).ReadToEndAsync();

        Assert.Equal("exit status 0", run.End.GetProperty("status").GetString());
        Assert.False(run.End.TryGetProperty("error", out _) || run.End.TryGetProperty("timedOut", out _) || run.End.TryGetProperty("oomKilled", out _));
    }

    [Fact]
    public async Task Start_KilledBySignal_TellsItAsGoDoes()
    {
        await using var run = await (await Guest.ShellAsync("kill -TERM $$")).ReadToEndAsync();

        Assert.Equal(-1, run.End.GetProperty("exitCode").GetInt32());
        Assert.False(run.End.GetProperty("exited").GetBoolean());
        Assert.Equal("signal: terminated", run.End.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Start_NoSuchProgram_EndsWith127AndSaysWhy()
    {
        await using var run = await (await Guest.StartAsync(new { process = new { cmd = "no-such-program" } })).ReadToEndAsync();

        Assert.Equal(127, run.End.GetProperty("exitCode").GetInt32());
        Assert.Contains("no-such-program", run.End.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Null(run.Code);
    }

    [Fact]
    public async Task Start_NotExecutable_EndsWith126AndSaysWhy()
    {
        await using var run = await (await Guest.StartAsync(new { process = new { cmd = "/etc/passwd" } })).ReadToEndAsync();

        Assert.Equal(126, run.End.GetProperty("exitCode").GetInt32());
        Assert.Contains("/etc/passwd", run.End.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"process":{"cmd":"true","cwd":"/no/such/folder"}}""")]
    [InlineData("""{"process":{"cmd":""}}""")]
    [InlineData("""{}""")]
    [InlineData("""{"process":{"cmd":"true","envs":{"A=B":"C"}}}""")]
    [InlineData("""{"process":{"cmd":"true"},"pty":{"size":{"cols":0,"rows":24}}}""")]
    [InlineData("""{"code":{"language":"cobol","text":""}}""")]
    [InlineData("""{"process":{"cmd":7}}""")]
    public async Task Start_WrongRequest_IsInvalidArgument(string message)
    {
        await using var run = await (await Guest.StartAsync(System.Text.Json.JsonDocument.Parse(message).RootElement)).ReadToEndAsync();

        Assert.Equal("invalid_argument", run.Code);
        Assert.NotEqual("", run.Message);
    }

    [Fact]
    public async Task Start_Environment_IsTheUsersAndNothingOfTheGuests()
    {
        await using var run = await (await Guest.StartAsync(new
        {
            process = new { cmd = "env", envs = new Dictionary<string, string> { ["COLOUR"] = "green", ["LANG"] = "C" } },
        })).ReadToEndAsync();

        var names = run.Output.Split('\n').Select(line => line.Split('=')[0]).ToList();
        Assert.Superset(new HashSet<string> { "PATH", "HOME", "USER", "LOGNAME" }, names.ToHashSet());
        Assert.Contains("COLOUR=green\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("LANG=C\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("PYTHONUNBUFFERED=1\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(names, name => name == "PORT" || name.StartsWith("RUNNER_", StringComparison.Ordinal) || name.StartsWith("DOTNET_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "~")]
    [InlineData("~", "~")]
    [InlineData("/usr/bin", "/usr/bin")]
    [InlineData("../usr", "~/../usr")]
    public async Task Start_WorkingDirectory_IsResolvedFromTheHome(string? cwd, string expected)
    {
        await using var run = await (await Guest.StartAsync(new
        {
            process = new { cmd = "/bin/bash", args = new[] { "-c", "pwd; cd ~ && pwd" }, cwd },
        })).ReadToEndAsync();

        var lines = run.Output.Split('\n');
        Assert.Equal(Path.GetFullPath(expected.Replace("~", lines[1], StringComparison.Ordinal)), lines[0]);
    }

    [Fact]
    public async Task Start_Input_IsAllOfStandardInput()
    {
        await using var run = await (await Guest.StartAsync(new
        {
            process = new { cmd = "cat" },
            input = Encoding.UTF8.GetBytes(new string('x', 600_000)),
        })).ReadToEndAsync();

        Assert.Equal(new string('x', 600_000), run.Output);
    }

    [Fact]
    public async Task Start_OutputOverItsLimit_IsDroppedAndTold()
    {
        await using var run = await (await Guest.StartAsync(new
        {
            process = new { cmd = "/bin/bash", args = new[] { "-c", "head -c 3000000 /dev/zero; echo short >&2" } },
            maxOutputBytes = 1000,
        })).ReadToEndAsync();

        Assert.Equal((1000, "short\n"), (run.Output.Length, run.Error));
        Assert.True(run.End.GetProperty("truncated").GetBoolean());
    }

    [Theory]
    [InlineData("python", "import multiprocessing, sys\nif __name__ == '__main__':\n    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(abs, [-4]), sys.stdin.read(), __file__.endswith('main.py'))", "[4]  True\n")]
    [InlineData("bash", "\ufeffecho one\r\necho two\r\n", "one\ntwo\n")]
    [InlineData("javascript", "const os = require('os'); console.log(typeof os.cpus, __filename.endsWith('main.cjs'))", "function true\n")]
    [InlineData("javascript", "import os from 'os';\nconsole.log(typeof os.cpus, import.meta.url.endsWith('main.mjs'))", "function true\n")]
    [InlineData("javascript", "const x = await Promise.resolve(5);\nconsole.log(x)", "5\n")]
    [InlineData("javascript", "async function f() {\n  await null;\n}\nf().then(() => console.log(typeof require))", "function\n")]
    public async Task Start_Code_RunsFromAFile(string language, string text, string expected)
    {
        Components.RequireLanguage(language);
        await using var run = await (await Guest.StartAsync(new { code = new { language, text }, stdin = false, foreground = true })).ReadToEndAsync();

        Assert.Equal((expected, ""), (run.Output, run.Error));
    }

    [Fact]
    public async Task SendInput_Conversation_ReachesTheProcess()
    {
        await using var run = await (await Guest.ShellAsync("while read line; do echo \"got $line\"; done; exit 5", stdin: true)).BeginAsync();
        for (var turn = 0; turn < 3; turn++)
        {
            await Guest.OkAsync("SendInput", new { process = new { pid = run.Pid }, input = new { stdin = Encoding.UTF8.GetBytes($"{turn}\n") } });
            await run.OutputHasAsync($"got {turn}\n");
        }

        await Guest.OkAsync("CloseStdin", new { process = new { pid = run.Pid } });

        Assert.Equal(5, (await run.ReadToEndAsync()).End.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task SendInput_StdinFalse_IsRefusedAndReadingGivesTheEnd()
    {
        await using var run = await (await Guest.ShellAsync("cat; echo ended; exec sleep 30")).OutputHasAsync("ended");

        var (status, body) = await Guest.CallAsync("SendInput", new { process = new { pid = run.Pid }, input = new { stdin = "aGk=" } });

        Assert.Equal((400, "failed_precondition"), (status, body.GetProperty("code").GetString()));
        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = "SIGNAL_SIGKILL" });
        Assert.Equal("signal: killed", (await run.ReadToEndAsync()).End.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("SendInput")]
    [InlineData("SendSignal")]
    [InlineData("CloseStdin")]
    [InlineData("Update")]
    public async Task Call_UnknownProcess_IsNotFound(string method)
    {
        var (status, body) = await Guest.CallAsync(method, new { process = new { pid = 2_000_000_000 }, signal = 15, input = new { stdin = "" } });

        Assert.Equal((404, "not_found"), (status, body.GetProperty("code").GetString()));
        Assert.Contains("2000000000", body.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_UnknownProcess_IsNotFoundInTheTrailer()
    {
        await using var run = await (await Guest.FollowAsync(new { process = new { pid = 2_000_000_000 } })).ReadToEndAsync();

        Assert.Equal("not_found", run.Code);
    }

    [Fact]
    public async Task SendSignal_NoSignal_IsInvalid()
    {
        await using var run = await (await Guest.ShellAsync("exec sleep 30")).BeginAsync();
        foreach (var signal in new object[] { "SIGNAL_UNSPECIFIED", 0, 65, "TERM" })
        {
            var (_, body) = await Guest.CallAsync("SendSignal", new { process = new { pid = run.Pid }, signal });
            Assert.Equal("invalid_argument", body.GetProperty("code").GetString());
        }

        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = "SIGNAL_SIGTERM" });
        Assert.Equal("signal: terminated", (await run.ReadToEndAsync()).End.GetProperty("status").GetString());
    }

    [Fact]
    public async Task StreamInput_Always_IsUnimplemented()
    {
        var (status, body) = await Guest.CallAsync("StreamInput", new { });

        Assert.Equal((501, "unimplemented"), (status, body.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task List_LiveAndEnded_TellsWhatTheyUse()
    {
        var tag = Guid.NewGuid().ToString();
        await using var run = await (await Guest.StartAsync(new
        {
            process = new { cmd = "/bin/bash", args = new[] { "-c", "for ((i = 0; i < 200000; i++)); do :; done; echo busy; read line; exit 4" } },
            tag,
        })).OutputHasAsync("busy");

        var live = Assert.Single(await ListAsync(tag, ended: false));
        Assert.Equal(run.Pid, live.GetProperty("pid").GetInt32());
        Assert.Equal("/bin/bash", live.GetProperty("config").GetProperty("cmd").GetString());
        Assert.True(live.GetProperty("cpuSeconds").GetDouble() > 0);
        Assert.InRange(live.GetProperty("memoryBytes").GetInt64(), 500_000, 500_000_000);
        Assert.False(live.GetProperty("terminal").GetBoolean() || live.TryGetProperty("endedAt", out _) || live.TryGetProperty("exitCode", out _));

        await Guest.OkAsync("CloseStdin", new { process = new { tag } });
        await run.ReadToEndAsync();

        Assert.Empty(await ListAsync(tag, ended: false));
        var gone = Assert.Single(await ListAsync(tag, ended: true));
        Assert.Equal(4, gone.GetProperty("exitCode").GetInt32());
        Assert.True(gone.GetProperty("cpuSeconds").GetDouble() > 0);
        Assert.True(gone.GetProperty("endedAt").GetDateTimeOffset() >= gone.GetProperty("startedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Start_AnotherUser_IsUnauthenticated()
    {
        await using var run = await (await Guest.StartAsync(
            new { process = new { cmd = "true" } },
            ("X-Access-Token", GuestServer.Token), ("Authorization", $"Basic {Convert.ToBase64String("nobody:"u8)}"))).ReadToEndAsync();

        Assert.Equal("unauthenticated", run.Code);
        Assert.Contains("nobody", run.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user:")]
    [InlineData(":")]
    public async Task Start_TheCodesUser_IsServed(string credentials)
    {
        await using var run = await (await Guest.StartAsync(
            new { process = new { cmd = "true" } },
            ("X-Access-Token", GuestServer.Token), ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}"))).ReadToEndAsync();

        Assert.Null(run.Code);
    }

    [Fact]
    public async Task Start_KeepAliveInterval_IsKeptInSilence()
    {
        await using var run = await (await Guest.StartAsync(
            new { process = new { cmd = "cat" } }, ("Keepalive-Ping-Interval", "1"))).BeginAsync();

        Assert.True(await run.NextAsync());

        Assert.Equal(1, run.KeepAlives);
        await Guest.OkAsync("CloseStdin", new { process = new { pid = run.Pid } });
        Assert.Null((await run.ReadToEndAsync()).Code);
    }

    private async Task<List<System.Text.Json.JsonElement>> ListAsync(string tag, bool ended)
    {
        var list = await Guest.OkAsync("List", new { ended });
        return [.. list.GetProperty("processes").EnumerateArray().Where(item => item.TryGetProperty("tag", out var own) && own.GetString() == tag)];
    }
}
