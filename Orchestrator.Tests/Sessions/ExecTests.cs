using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>Exec and logs.</summary>
public sealed class ExecTests : IAsyncLifetime
{
    private const string Exec = "/api/runner/s1/exec";
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"s1"}""").JsonAsync(201);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Exec_Command_AnswersHowItEnded()
    {
        ExecRequest? seen = null;
        _host.Engine.Exec = async (request, output, cancel) =>
        {
            seen = request;
            // A character cut in two, and a byte that is none.
            await output.WriteAsync(OutputStream.Stdout, "1 "u8.ToArray(), cancel);
            await output.WriteAsync(OutputStream.Stdout, new byte[] { 0xC3 }, cancel);
            await output.WriteAsync(OutputStream.Stdout, new byte[] { 0xA9, 0xFF }, cancel);
            await output.WriteAsync(OutputStream.Stderr, "oops"u8.ToArray(), cancel);
            return new ExecResult(3, TimeSpan.FromMilliseconds(12.5), false, true);
        };

        await _host.Sessions.PostAsync(Exec, """
            {"command":["python3","-c","print(1)"],"stdin":"in","env":{"A":"b"},"timeoutSeconds":1.5}
            """).AnswersAsync(200, """{"exitCode":3,"stdout":"1 é\uFFFD","stderr":"oops","durationMs":12.5,"timedOut":false,"truncated":true}""");

        Assert.NotNull(seen);
        Assert.Equal(["python3", "-c", "print(1)"], seen.Command);
        Assert.Equal("in", seen.Stdin);
        Assert.Equal("b", Assert.Single(seen.Environment).Value);
        Assert.Equal(TimeSpan.FromSeconds(1.5), seen.Timeout);
        Assert.Equal(1 << 20, seen.MaxOutputBytes);
    }

    [Fact]
    public async Task Exec_NothingButACommand_GetsSixtySeconds()
    {
        ExecRequest? seen = null;
        _host.Engine.Exec = (request, _, _) =>
        {
            seen = request;
            return Task.FromResult(new ExecResult(0, TimeSpan.Zero, false, false));
        };

        await _host.Sessions.PostAsync(Exec, """{"command":["true"]}""").JsonAsync(200);

        Assert.Equal(TimeSpan.FromSeconds(60), seen?.Timeout);
        Assert.Null(seen?.Stdin);
    }

    [Fact]
    public async Task Exec_TimeIsUp_SaysSo()
    {
        _host.Engine.Exec = (_, _, _) => Task.FromResult(new ExecResult(null, TimeSpan.FromSeconds(1), true, false));

        await _host.Sessions.PostAsync(Exec, """{"command":["sleep","9"],"timeoutSeconds":1}""")
            .AnswersAsync(200, """{"exitCode":null,"stdout":"","stderr":"","durationMs":1000,"timedOut":true,"truncated":false}""");
    }

    [Fact]
    public async Task Exec_CommandThatCannotBeKilled_RemovesTheRunnerAndSaysSo()
    {
        _host.Engine.Exec = (_, _, _) => Task.FromResult(new ExecResult(null, TimeSpan.FromSeconds(1), true, false, StillRunning: true));

        var answer = await _host.Sessions.PostAsync(Exec, """{"command":["sleep","9"]}""").JsonAsync(200);

        Assert.Contains("removed", answer.Text("error"), StringComparison.Ordinal);
        Assert.Empty(_host.Engine.Runners);
    }

    [Fact]
    public async Task Exec_AcceptEventStream_StreamsWhileTheCommandRuns()
    {
        var go = new TaskCompletionSource();
        _host.Engine.Exec = async (_, output, cancel) =>
        {
            await output.WriteAsync(OutputStream.Stdout, "one\ntwo"u8.ToArray(), cancel);
            await go.Task.WaitAsync(cancel);
            await output.WriteAsync(OutputStream.Stderr, "bad"u8.ToArray(), cancel);
            return new ExecResult(0, TimeSpan.FromMilliseconds(5), false, false);
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, Exec) { Content = new StringContent("""{"command":["x"]}""") };
        request.Headers.Add("Accept", "text/event-stream");

        using var response = await _host.Sessions.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["no"], response.Headers.GetValues("X-Accel-Buffering"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), Encoding.UTF8);
        Assert.Equal(["event: stdout", "data: \"one\\ntwo\"", ""], await ReadLinesAsync(reader, 3));
        go.SetResult();

        Assert.Equal(
            ["event: stderr", "data: \"bad\"", "", "event: exit", """data: {"exitCode":0,"durationMs":5,"timedOut":false,"truncated":false}""", ""],
            await ReadLinesAsync(reader, 6));
        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Exec_SilentCommandStreamed_BeginsTheAnswerWhileItRuns()
    {
        var go = new TaskCompletionSource();
        _host.Engine.Exec = async (_, _, cancel) =>
        {
            await go.Task.WaitAsync(cancel);
            return new ExecResult(0, TimeSpan.Zero, false, false);
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, Exec) { Content = new StringContent("""{"command":["x"]}""") };
        request.Headers.Add("Accept", "text/event-stream");

        using var response = await _host.Sessions.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        go.SetResult();

        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("event: exit\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task Exec_EngineDown_IsRefusedWithWhenToComeAgain(string accept)
    {
        _host.Engine.Available = false;

        await _host.Sessions.PostAsync(Exec, """{"command":["x"]}""", ("Accept", accept)).FailsAsync(503, "ENGINE_UNAVAILABLE");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task Exec_RunnerThatVanished_NotFound(string accept)
    {
        _host.Engine.Before = call => call == "exec" ? throw new RunnerGoneException("vanished") : Task.CompletedTask;

        await _host.Sessions.PostAsync(Exec, """{"command":["x"]}""", ("Accept", accept)).FailsAsync(404, "RUNNER_NOT_FOUND");
    }

    [Fact]
    public async Task Exec_EngineLostWhileStreaming_EndsWithAnExitThatSaysSo()
    {
        _host.Engine.Exec = (_, _, _) => throw new EngineUnavailableException("gone");

        using var response = await _host.Sessions.PostAsync(Exec, """{"command":["x"]}""", ("Accept", "text/event-stream"));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("event: exit\ndata: {\"exitCode\":null,", text, StringComparison.Ordinal);
        Assert.Contains("can't be reached", text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_CallerLeaves_CancelsTheCommand()
    {
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _host.Engine.Exec = async (_, _, cancel) =>
        {
            begun.SetResult();
            await using var registration = cancel.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, cancel);
            return new ExecResult(0, TimeSpan.Zero, false, false);
        };
        using var leaving = new CancellationTokenSource();
        var call = _host.Sessions.PostAsync(Exec, new StringContent("""{"command":["x"]}"""), leaving.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        await leaving.CancelAsync();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task Exec_UnknownSession_NotFound(string accept) =>
        await _host.Sessions.PostAsync("/api/runner/unknown/exec", """{"command":["x"]}""", ("Accept", accept))
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"No active runner found for this session ID."}""");

    [Theory]
    [InlineData(null, "command")]
    [InlineData("{}", "command")]
    [InlineData("""{"command":[]}""", "command")]
    [InlineData("""{"command":null}""", "command")]
    [InlineData("""{"command":"ls"}""", "command")]
    [InlineData("""{"command":[""]}""", "command[0]")]
    [InlineData("""{"command":["ls",null]}""", "command[1]")]
    [InlineData("""{"command":["ls",1]}""", "command[1]")]
    [InlineData("""{"command":["ls","a\u0000b"]}""", "command[1]")]
    [InlineData("""{"command":["ls"],"stdin":1}""", "stdin")]
    [InlineData("""{"command":["ls"],"env":[]}""", "env")]
    [InlineData("""{"command":["ls"],"env":{"A":1}}""", "env")]
    [InlineData("""{"command":["ls"],"env":{"A":null}}""", "env.A")]
    [InlineData("""{"command":["ls"],"env":{"A=B":"c"}}""", "env")]
    [InlineData("""{"command":["ls"],"env":{"1A":"c"}}""", "env")]
    [InlineData("""{"command":["ls"],"env":{"":"c"}}""", "env")]
    [InlineData("""{"command":["ls"],"env":{"A":"a\u0000b"}}""", "env.A")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":0}""", "timeoutSeconds")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":-1}""", "timeoutSeconds")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":3600.1}""", "timeoutSeconds")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":"5"}""", "timeoutSeconds")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":1e999}""", "timeoutSeconds")]
    public async Task Exec_WrongField_NamesIt(string? body, string field)
    {
        _host.Engine.Exec = (_, _, _) => throw new InvalidOperationException("It must not run.");

        var answer = await _host.Sessions.PostAsync(Exec, body).JsonAsync(400);

        Assert.Contains(field, answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_TooManyArgumentsOrTooLong_Refuses()
    {
        var many = string.Join(',', Enumerable.Repeat("\"a\"", 1025));
        await _host.Sessions.PostAsync(Exec, $$"""{"command":[{{many}}]}""").FailsAsync(400, "FIELD_INVALID");
        await _host.Sessions.PostAsync(Exec, $$"""{"command":["{{new string('a', 131_072)}}"]}""").FailsAsync(400, "FIELD_INVALID");
        await _host.Sessions.PostAsync("/api/runner/not%20valid/exec", """{"command":["x"]}""").FailsAsync(400, "SESSION_ID_INVALID");
    }

    [Theory]
    [InlineData("")]
    [InlineData("?follow=true&tail=10")]
    [InlineData("?tail=0&follow=false")]
    public async Task Logs_ActiveSession_StreamsText(string query)
    {
        using var response = await _host.Sessions.GetAsync($"/api/runner/s1/logs{query}", TestContext.Current.CancellationToken);

        Assert.Equal((200, "text/plain"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?follow=true")]
    public async Task Logs_EngineDown_AreRefusedWithWhenToComeAgain(string query)
    {
        _host.Engine.Available = false;

        await _host.Sessions.GetAsync($"/api/runner/s1/logs{query}", TestContext.Current.CancellationToken).FailsAsync(503, "ENGINE_UNAVAILABLE");
    }

    [Theory]
    [InlineData("")]
    [InlineData("?follow=true")]
    public async Task Logs_RunnerThatVanished_NotFound(string query)
    {
        _host.Engine.Before = call => call == "logs" ? throw new RunnerGoneException("vanished") : Task.CompletedTask;

        await _host.Sessions.GetAsync($"/api/runner/s1/logs{query}", TestContext.Current.CancellationToken).FailsAsync(404, "RUNNER_NOT_FOUND");
    }

    [Theory]
    [InlineData("?follow=perhaps", "follow")]
    [InlineData("?tail=-1", "tail")]
    [InlineData("?tail=many", "tail")]
    [InlineData("?tail=99999999999", "tail")]
    public async Task Logs_WrongParameter_NamesIt(string query, string parameter)
    {
        var answer = await _host.Sessions.GetAsync($"/api/runner/s1/logs{query}", TestContext.Current.CancellationToken).FailsAsync(400, "FIELD_INVALID");

        Assert.Contains(parameter, answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_UnknownSession_NotFound() =>
        await _host.Sessions.GetAsync("/api/runner/unknown/logs", TestContext.Current.CancellationToken).FailsAsync(404, "RUNNER_NOT_FOUND");

    private static async Task<string[]> ReadLinesAsync(StreamReader reader, int count)
    {
        var lines = new string[count];
        for (var i = 0; i < count; i++)
        {
            lines[i] = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10)) ?? "<end>";
        }

        return lines;
    }
}
