using Orchestrator.ServiceDefaults.Http;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What becomes of fields that a call does not know (docs/contract/sandbox.md, 5).</summary>
public sealed class FieldTests : IAsyncLifetime
{
    private const string Provision = "/api/runner/provision";
    private ApiHost _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("""{"session_id":"s1"}""")]
    [InlineData("""{"SessionID":"s1"}""")]
    [InlineData("""{"session-id":"s1"}""")]
    [InlineData("""{"session\u005fid":"s1"}""")]
    [InlineData("""{"padding":[{"sessionId":"s2"}],"SESSION_ID":"s1"}""")]
    public async Task Provision_SpellingOfAField_IsTakenAsThatField(string body)
    {
        var answer = await _api.Sessions.PostAsync(Provision, body).JsonAsync(201);

        Assert.Equal("s1", answer.Text("sessionId"));
    }

    [Theory]
    [InlineData("network_mode")]
    [InlineData("NetworkMode")]
    [InlineData("networkmode")]
    public async Task Provision_SpellingOfNetworkMode_IsARunnerWithoutNetwork(string field)
    {
        var answer = await _api.Sessions.PostAsync(Provision, $$"""{"sessionId":"s1","{{field}}":"none"}""").JsonAsync(201);

        Assert.Equal("N/A (isolated network mode)", answer.Text("endpoint"));
        await _api.Sessions.PostAsync(Provision, $$"""{"{{field}}":"some"}""").FailsAsync(400, "NETWORK_MODE_UNSUPPORTED");
    }

    [Theory]
    [InlineData("/api/runner/provision", """{"sessionId":"s1","userId":7,"sesionId":"s2","sessionIdd":null}""", 201)]
    [InlineData("/api/runner/heartbeat", """{"sessionId":"s1","at":{"a":[1]}}""", 404)]
    [InlineData("/api/runner/deprovision", """{"sessionId":"s1","force":true}""", 404)]
    public async Task Session_UnknownField_IsIgnored(string path, string body, int status) =>
        await _api.Sessions.PostAsync(path, body).JsonAsync(status);

    [Theory]
    [InlineData("/api/runner/provision", """{"sessionId":"s1","session_id":"s1"}""", "session_id is given as sessionId too.")]
    [InlineData("/api/runner/provision", """{"SessionId":"s1","session_id":"s1"}""", "session_id is given as SessionId too.")]
    [InlineData("/api/runner/heartbeat", """{"session_id":"s1","sessionId":"s2"}""", "sessionId is given as session_id too.")]
    [InlineData("/api/runner/deprovision", """{"session_id":5}""", "sessionId has the wrong type or is not valid text.")]
    public async Task Session_FieldInTwoSpellingsOrOfAWrongType_IsRefused(string path, string body, string message)
    {
        var answer = await _api.Sessions.PostAsync(path, body).FailsAsync(400, "FIELD_INVALID");

        Assert.Equal(message, answer.Text("message"));
    }

    [Fact]
    public async Task Destroy_SpellingOfContainerId_IsTaken() =>
        await _api.Machines.PostAsync("/destroy", """{"container_id":"worker-1","force":true}""").FailsAsync(404, "Machine not found");

    [Theory]
    [InlineData("""{"command":["true"],"timeout":5}""", "timeout is unknown; did you mean timeoutSeconds?")]
    [InlineData("""{"command":["true"],"timeout_seconds":5}""", "timeout_seconds is unknown; did you mean timeoutSeconds?")]
    [InlineData("""{"command":["true"],"stdinn":""}""", "stdinn is unknown; did you mean stdin?")]
    [InlineData("""{"Command":["true"]}""", "Command is unknown; did you mean command?")]
    [InlineData("""{"command":["true"],"shell":true}""", "shell is unknown.")]
    [InlineData("""{"command":["true"],"":1}""", " is unknown.")]
    public async Task Exec_UnknownField_IsRefusedWithTheNearOne(string body, string message)
    {
        var answer = await _api.Sessions.PostAsync("/api/runner/s1/exec", body).FailsAsync(400, "FIELD_UNKNOWN");

        Assert.Equal(message, answer.Text("message"));
    }

    [Fact]
    public async Task Exec_VariablesOfAnyName_AreNoFields()
    {
        await _api.Sessions.PostAsync("/api/runner/s1/exec", """{"command":["true"],"env":{"COMMAND":"x","time_out":"y"}}""").FailsAsync(404, "RUNNER_NOT_FOUND");
    }

    [Theory]
    [InlineData("""{"Submission":{"MESSAGE":"Hello World!","more":[]}}""", "true")]
    [InlineData("""{"submission":{"Message":"Hello"}}""", "false")]
    [InlineData("""{"submission":{"message":"Hello World!","Message":"Hello World!"}}""", "false")]
    public async Task Audit_SpellingOfANestedField_IsTaken(string body, string expected)
    {
        using var response = await _api.Pod.PostAsync("/audit", body);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PodAndMining_SpellingsOfTheirFields_AreTaken()
    {
        await _api.Pod.PostAsync("/task/t1", """{"taskId":"x","INPUT":1,"todo":"ComputePi"}""").FailsAsync(400, "Unknown task type: ComputePi");
        await _api.Pod.PostAsync("/task/t1", """{"taskId":"..","input":1,"todo":"ComputeFibonacci"}""").FailsAsync(400, "FIELD_INVALID");
        await _api.Pod.PostAsync("/submission/1", $$"""
            {"hash":"{{new string('0', 64)}}","difficulty":1.0,"blockHeight":1,"workerId":"w","submissionId":"s","extra":1}
            """).AnswersAsync(200, """{"status":"success","valid":true}""");
        await _api.Pod.PostAsync("/submission/1", """{"extra":1}""").FailsAsync(400, "Missing required fields");
    }

    [Theory]
    [InlineData("timeout", "timeoutSeconds")]
    [InlineData("time_out_seconds", "timeoutSeconds")]
    [InlineData("tiemoutSeconds", "timeoutSeconds")]
    [InlineData("key", "idempotency_key")]
    [InlineData("idempotenceKey", "idempotency_key")]
    [InlineData("at", null)]
    [InlineData("c", null)]
    [InlineData("", null)]
    [InlineData("____", null)]
    [InlineData("somethingElse", null)]
    public void Unknown_Name_SuggestsANearOneOnly(string name, string? near)
    {
        var refusal = new FieldNames(["timeoutSeconds", "idempotency_key", "run_at", "b"]).Unknown("in.", name);

        Assert.Equal($"in.{name} is unknown{(near is null ? "." : $"; did you mean in.{near}?")}", refusal.Message);
    }

    [Fact]
    public async Task Exec_HugeFieldName_IsRefusedShort()
    {
        var answer = await _api.Sessions.PostAsync("/api/runner/s1/exec", $$"""{"{{new string('x', 900_000)}}":1}""").FailsAsync(400, "FIELD_UNKNOWN");

        Assert.InRange(answer.Text("message").Length, 1, 200);
    }
}
