using System.Net;
using System.Text;
using Orchestrator.Client;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions.Processes;

/// <summary>Processes that outlive their call, over the real guest.</summary>
public sealed class ProcessTests(GuestSession session) : IClassFixture<GuestSession>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ProcessesClient Processes => session.Client.Processes;

    [Fact]
    public async Task Background_ReadsItsInputAndEnds()
    {
        var started = await Processes.StartAsync(GuestSession.Id, new ExecBody(["cat"]), Cancel);
        Assert.InRange(DateTimeOffset.UtcNow - started.StartedAt, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        var running = Assert.Single(await Processes.ListAsync(GuestSession.Id, Cancel), process => process.Pid == started.Pid);
        Assert.Equal(["cat"], running.Command);
        Assert.Null(running.EndedAt);

        await WriteAsync(started.Pid, "hello ", end: false);
        await WriteAsync(started.Pid, "wörld", end: true);
        var events = await Processes.ReadAsync(GuestSession.Id, started.Pid, follow: true, cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal("hello wörld", string.Concat(events.OfType<StdoutEvent>().Select(happened => happened.Text)));
        Assert.Equal(0, Assert.IsType<ExitEvent>(events[^1]).ExitCode);
        Assert.Equal(12, events.OfType<StdoutEvent>().Last().Offset);
        var ended = Assert.Single(await Processes.ListAsync(GuestSession.Id, Cancel), process => process.Pid == started.Pid);
        Assert.Equal(0, ended.ExitCode);
        Assert.NotNull(ended.EndedAt);
    }

    [Fact]
    public async Task Output_ReaderThatWasCutOff_GoesOnWhereItWas()
    {
        var pid = (await StartAsync("echo one; echo two; sleep 63")).Pid;
        var path = $"/api/runner/{GuestSession.Id}/processes/{pid}/output";

        await Eventually.TrueAsync(async () => (await Processes.ReadAsync(GuestSession.Id, pid, cancellationToken: Cancel).ToListAsync(Cancel))
            .OfType<StdoutEvent>().Sum(happened => happened.Text.Length) == 8);
        using var again = await session.Host.Sessions.SendAsync(HttpMethod.Get, path, null, ("Last-Event-ID", "4"));

        Assert.Equal("no", Assert.Single(again.Headers.GetValues("X-Accel-Buffering")));
        Assert.Contains("data: \"two\\n\"", await again.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("one", await again.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var all = await Processes.ReadAsync(GuestSession.Id, pid, cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.Equal("one\ntwo\n", string.Concat(all.OfType<StdoutEvent>().Select(happened => happened.Text)));
        Assert.DoesNotContain(all, happened => happened is ExitEvent);
        await Processes.SignalAsync(GuestSession.Id, pid, "KILL", Cancel);
    }

    [Theory]
    [InlineData(null, 143)]
    [InlineData("INT", 130)]
    [InlineData("SIGKILL", 137)]
    [InlineData("1", 129)]
    public async Task Signal_Group_EndsWithIt(string? signal, int exitCode)
    {
        var pid = (await StartAsync("sleep 64")).Pid;

        await Processes.SignalAsync(GuestSession.Id, pid, signal, Cancel);

        var events = await Processes.ReadAsync(GuestSession.Id, pid, follow: true, cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.Equal(exitCode, Assert.IsType<ExitEvent>(Assert.Single(events)).ExitCode);
    }

    [Fact]
    public async Task Background_WithALimit_EndsAtIt()
    {
        var started = await Processes.StartAsync(GuestSession.Id, new ExecBody(["sleep", "65"], TimeoutSeconds: 1), Cancel);

        var events = await Processes.ReadAsync(GuestSession.Id, started.Pid, follow: true, cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.IsType<ExitEvent>(Assert.Single(events));
    }

    [Fact]
    public async Task Background_ProgramThatIsMissing_IsRefused()
    {
        var error = await Assert.ThrowsAsync<OrchestratorException>(() =>
            Processes.StartAsync(GuestSession.Id, new ExecBody(["no-such-program"]), Cancel));

        Assert.Equal((HttpStatusCode.BadRequest, "FIELD_INVALID"), (error.StatusCode, error.Code));
    }

    [Fact]
    public async Task AnyCall_UnknownProcess_NotFound()
    {
        var path = $"/api/runner/{GuestSession.Id}/processes/999999";

        await session.Host.Sessions.SendAsync(HttpMethod.Delete, path).FailsAsync(404, "NOT_FOUND");
        await session.Host.Sessions.SendAsync(HttpMethod.Get, $"{path}/output").FailsAsync(404, "NOT_FOUND");
        await session.Host.Sessions.PostAsync($"{path}/input", "x").FailsAsync(404, "NOT_FOUND");
    }

    [Theory]
    [InlineData("DELETE", "processes/1?signal=NOPE", "signal")]
    [InlineData("DELETE", "processes/1?signal=65", "signal")]
    [InlineData("GET", "processes/1/output?since=-1", "since")]
    [InlineData("GET", "processes/1/output?follow=maybe", "follow")]
    [InlineData("POST", "processes/1/input?eof=maybe", "eof")]
    [InlineData("GET", "terminal?cols=0", "cols")]
    [InlineData("GET", "terminal?rows=1001", "rows")]
    public async Task AnyCall_WrongParameter_NamesIt(string method, string call, string parameter)
    {
        var answer = await session.Host.Sessions.SendAsync(new HttpMethod(method), $"/api/runner/{GuestSession.Id}/{call}").JsonAsync(400);

        Assert.Contains(parameter, answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCall_UnknownSession_NotFound()
    {
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => Processes.ListAsync("unknown", Cancel));

        Assert.Equal((HttpStatusCode.NotFound, "RUNNER_NOT_FOUND"), (error.StatusCode, error.Code));
    }

    private Task<BackgroundResponse> StartAsync(string script) =>
        Processes.StartAsync(GuestSession.Id, new ExecBody(["sh", "-c", script]), Cancel);

    private Task WriteAsync(int pid, string text, bool end) =>
        Processes.WriteAsync(GuestSession.Id, pid, new MemoryStream(Encoding.UTF8.GetBytes(text)), end, Cancel);
}
