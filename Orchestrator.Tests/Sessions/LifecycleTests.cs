using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>Deprovision, heartbeat and list, as the documents give them.</summary>
public sealed class LifecycleTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Deprovision_ActiveSession_RemovesItsRunner()
    {
        await ProvisionAsync("s1");

        await _host.Sessions.PostAsync("/api/runner/deprovision", """{"sessionId":"s1"}""")
            .AnswersAsync(200, """{"message":"Runner for session s1 deprovisioned successfully."}""");

        Assert.Empty(_host.Engine.Runners);
        await _host.Sessions.PostAsync("/api/runner/deprovision", """{"sessionId":"s1"}""")
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"No active runner found for this session ID."}""");
    }

    [Fact]
    public async Task Deprovision_SessionInHeader_RemovesItsRunner()
    {
        await ProvisionAsync("s1");

        await _host.Sessions.PostAsync("/api/runner/deprovision", null, ("X-Session-Id", "s1")).JsonAsync(200);

        Assert.Empty(_host.Engine.Runners);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"sessionId":""}""")]
    public async Task Deprovision_NoSession_Refuses(string? body) =>
        await _host.Sessions.PostAsync("/api/runner/deprovision", body)
            .AnswersAsync(400, """{"error":"SESSION_ID_REQUIRED","message":"Session ID is required for deprovisioning."}""");

    [Fact]
    public async Task Drain_NothingIdle_LeavesSessionsAlone()
    {
        await ProvisionAsync("s1");

        await _host.Sessions.PostAsync("/api/runner/drain", null)
            .AnswersAsync(200, """{"message":"0 idle runners removed; fresh ones take their places."}""");

        Assert.Single(_host.Engine.Runners);
    }

    [Fact]
    public async Task Heartbeat_ActiveSession_MovesItsDeadline()
    {
        var provisioned = await ProvisionAsync("s1");

        // Both may fall into the same millisecond.
        await Eventually.TrueAsync(async () =>
        {
            await _host.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"s1"}""")
                .AnswersAsync(200, """{"message":"Heartbeat received for session s1."}""");
            var listed = await _host.Sessions.GetAsync("/api/runner", TestContext.Current.CancellationToken).JsonAsync(200);
            return listed["runners"]![0]!["expiresAt"]!.GetValue<DateTimeOffset>() > provisioned["expiresAt"]!.GetValue<DateTimeOffset>();
        });
    }

    [Fact]
    public async Task Heartbeat_UnknownSession_NotFound() =>
        await _host.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"unknown"}""")
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"No active runner found for this session ID."}""");

    [Fact]
    public async Task Heartbeat_NoSession_Refuses() =>
        await _host.Sessions.PostAsync("/api/runner/heartbeat", null)
            .AnswersAsync(400, """{"error":"SESSION_ID_REQUIRED","message":"Session ID is required for heartbeat."}""");

    [Fact]
    public async Task List_RunnersOfBothKinds_ShowsThemWithoutTokens()
    {
        var session = await ProvisionAsync("s1");
        var machine = await _host.Machines.GetAsync("/project-1", TestContext.Current.CancellationToken).JsonAsync(200);

        var listed = await _host.Sessions.GetAsync("/api/runner", TestContext.Current.CancellationToken).JsonAsync(200);

        Assert.DoesNotContain(session.Text("token"), listed.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(machine.Text("token"), listed.ToJsonString(), StringComparison.Ordinal);
        var first = listed["runners"]![0]!.AsObject();
        Assert.Equal(
            ["id", "template", "state", "owner", "endpoint", "containerId", "image", "createdAt", "expiresAt"], first.Select(field => field.Key));
        Assert.Equal(session.Text("runnerId"), first["id"]!.GetValue<string>());
        Assert.Equal("leased", first["state"]!.GetValue<string>());
        Assert.Equal("""{"tenant":"default","kind":"session","id":"s1"}""", first["owner"]!.ToJsonString());
        Assert.Equal(session.Text("endpoint"), first["endpoint"]!.GetValue<string>());
        Assert.Equal(64, first["containerId"]!.GetValue<string>().Length);
        var second = listed["runners"]![1]!;
        Assert.Equal("""{"tenant":"default","kind":"machine","id":"project-1"}""", second["owner"]!.ToJsonString());
        Assert.Equal("machine", second.Text("template"));
        Assert.Null(second["expiresAt"]);
    }

    private Task<System.Text.Json.Nodes.JsonNode> ProvisionAsync(string session) =>
        _host.Sessions.PostAsync("/api/runner/provision", $$"""{"sessionId":"{{session}}"}""").JsonAsync(201);
}
