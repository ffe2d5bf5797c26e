using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>REUSE_RUNNER_MODE.</summary>
public sealed class SharedRunnerTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync("--REUSE_RUNNER_MODE=true");

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Provision_SecondCaller_GetsTheFirstOnesRunnerAndSession()
    {
        var first = await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"first"}""").JsonAsync(201);

        var second = await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"second"}""").JsonAsync(200);

        Assert.Equal("Runner provisioned successfully.", first.Text("message"));
        Assert.Equal("Returning existing singleton runner.", second.Text("message"));
        Assert.Equal("first", second.Text("sessionId"));
        Assert.Equal(first.Text("endpoint"), second.Text("endpoint"));
        Assert.Equal(first.Text("token"), second.Text("token"));
    }

    [Fact]
    public async Task Provision_ManySessionsAtOnce_OneRunner()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            _host.Sessions.PostAsync("/api/runner/provision", null, ("X-Session-Id", $"s{i}"))));

        Assert.Equal(1, answers.Count(answer => (int)answer.StatusCode == 201));
        Assert.Equal(9, answers.Count(answer => (int)answer.StatusCode == 200));
        Assert.Single(_host.Engine.Runners);
    }

    [Theory]
    [InlineData("""{"sessionId":"first"}""")]
    [InlineData(null)]
    public async Task Deprovision_Always_IsDisabled(string? body)
    {
        await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"first"}""").JsonAsync(201);

        await _host.Sessions.PostAsync("/api/runner/deprovision", body)
            .AnswersAsync(200, """{"message":"Deprovisioning is disabled in REUSE_RUNNER_MODE."}""");

        Assert.Single(_host.Engine.Runners);
    }

    [Fact]
    public async Task Heartbeat_FirstSession_ReceivedForTheSingleton()
    {
        await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"first"}""").JsonAsync(201);

        await _host.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"first"}""")
            .AnswersAsync(200, """{"message":"Heartbeat received for singleton runner."}""");
        await _host.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"second"}""")
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"Singleton runner not found or session ID mismatch."}""");
        await _host.Sessions.PostAsync("/api/runner/heartbeat", null).FailsAsync(400, "SESSION_ID_REQUIRED");
    }

    [Fact]
    public async Task Exec_FirstSession_RunsInTheSingleton()
    {
        await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"first"}""").JsonAsync(201);

        var answer = await _host.Sessions.PostAsync("/api/runner/first/exec", """{"command":["echo","hello"]}""").JsonAsync(200);

        Assert.Equal("hello", answer.Text("stdout"));
    }

    [Fact]
    public async Task Expiry_NobodySpeaks_EndsTheSingletonAndTheNextCallerMakesAnother()
    {
        await using var host = await ApiHost.StartAsync(
            "--REUSE_RUNNER_MODE=true", "--INACTIVITY_TIMEOUT_SECONDS=1", "--CLEANUP_INTERVAL_SECONDS=0.1");
        var first = await host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"first"}""").JsonAsync(201);

        await Eventually.TrueAsync(() => host.Engine.Runners.Count == 0, what: "The singleton's end");

        await host.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"first"}""")
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"Singleton runner not found or session ID mismatch."}""");
        var second = await host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"second"}""").JsonAsync(201);
        Assert.Equal(("Runner provisioned successfully.", "second"), (second.Text("message"), second.Text("sessionId")));
        Assert.NotEqual(first.Text("runnerId"), second.Text("runnerId"));
        Assert.NotEqual(first.Text("token"), second.Text("token"));
    }
}
