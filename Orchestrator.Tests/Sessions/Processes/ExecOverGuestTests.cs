using System.Net;
using Orchestrator.Client;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions.Processes;

/// <summary>Commands over the real guest, from the caller's end.</summary>
public sealed class ExecOverGuestTests(GuestSession session) : IClassFixture<GuestSession>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exec_Base64_KeepsEveryByte()
    {
        var result = await session.RunAsync("printf '\\377\\000a'", new ExecBody(Encoding: "base64"));

        Assert.Equal([0xFF, 0x00, (byte)'a'], Convert.FromBase64String(result.Stdout));
    }

    [Fact]
    public async Task Exec_Cwd_IsWhereItRuns()
    {
        Assert.Equal("/usr\n", (await session.RunAsync("pwd", new ExecBody(Cwd: "/usr"))).Stdout);

        var error = await Assert.ThrowsAsync<OrchestratorException>(() => session.RunAsync("pwd", new ExecBody(Cwd: "/no/such/folder")));
        Assert.Equal((HttpStatusCode.BadRequest, "FIELD_INVALID"), (error.StatusCode, error.Code));
    }

    [Fact]
    public async Task Exec_ProgramThatIsMissingOrNoProgram_SaysWhy()
    {
        var missing = await session.Client.Sessions.ExecAsync(GuestSession.Id, new ExecBody(["no-such-program"]), Cancel);
        var folder = await session.Client.Sessions.ExecAsync(GuestSession.Id, new ExecBody(["/usr"]), Cancel);

        Assert.Equal((127, 126), (missing.ExitCode, folder.ExitCode));
        Assert.Contains("no-such-program", missing.Error, StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(folder.Error));
    }

    [Fact]
    public async Task Exec_ChildLeftBehind_LivesOn()
    {
        var pid = (await session.RunAsync("sleep 30 > /dev/null 2>&1 & echo $!")).Stdout.Trim();

        Assert.Equal(0, (await session.RunAsync($"kill -0 {pid} && kill {pid}")).ExitCode);
    }

    [Fact]
    public async Task Exec_TimeIsUp_KillsWhatItStarted()
    {
        var result = await session.RunAsync("(setsid sleep 61 &); echo begun; sleep 61", new ExecBody(TimeoutSeconds: 1));

        Assert.Equal((null, true, "begun\n"), (result.ExitCode, result.TimedOut, result.Stdout));
        await Eventually.TrueAsync(async () => (await session.RunAsync("pgrep -fx 'sleep 61'")).ExitCode == 1, TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("utf8")]
    [InlineData("base64")]
    public async Task Exec_MoreThanTheBound_IsNeverCutInsideACharacter(string encoding)
    {
        var result = await session.RunAsync("printf x; yes é | head -n 600000 | tr -d '\\n'", new ExecBody(Encoding: encoding));

        Assert.True(result.Truncated);
        Assert.Equal(0, result.ExitCode);
        if (encoding == "utf8")
        {
            Assert.DoesNotContain('\uFFFD', result.Stdout);
            Assert.EndsWith("é", result.Stdout, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(1 << 20, Convert.FromBase64String(result.Stdout).Length);
        }
    }

    [Fact]
    public async Task Exec_Code_RunsFromAFileWithItsInputFree()
    {
        Components.RequireLanguage("python");
        var result = await session.Client.Sessions.ExecAsync(
            GuestSession.Id, new ExecBody(Language: "python", Code: "import sys\nprint(__file__, sys.stdin.read())", Stdin: "in"), Cancel);

        Assert.Equal((0, ""), (result.ExitCode, result.Stderr));
        Assert.EndsWith("main.py in\n", result.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_CallerLeaves_KillsTheCommand()
    {
        await foreach (var happened in session.Client.Sessions.StreamAsync(
            GuestSession.Id, new ExecBody(["sh", "-c", "echo begun; sleep 62"]), Cancel))
        {
            Assert.Equal(new StdoutEvent("begun\n"), happened);
            break;
        }

        await Eventually.TrueAsync(async () => (await session.RunAsync("pgrep -fx 'sleep 62'")).ExitCode == 1, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("""{"command":["ls"],"cwd":""}""", "cwd")]
    [InlineData("""{"command":["ls"],"cwd":"a\u0000"}""", "cwd")]
    [InlineData("""{"command":["ls"],"encoding":"latin1"}""", "encoding")]
    [InlineData("""{"command":["ls"],"background":1}""", "background")]
    [InlineData("""{"command":["ls"],"language":"bash","code":"x"}""", "command")]
    [InlineData("""{"language":"perl","code":"x"}""", "language")]
    [InlineData("""{"language":"bash"}""", "code")]
    public async Task Exec_WrongField_NamesIt(string body, string field)
    {
        var answer = await session.Host.Sessions.PostAsync($"/api/runner/{GuestSession.Id}/exec", body).JsonAsync(400);

        Assert.Contains(field, answer.Text("message"), StringComparison.Ordinal);
    }
}
