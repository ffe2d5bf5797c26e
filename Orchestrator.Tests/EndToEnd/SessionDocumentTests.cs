using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// The examples of docs/contract/session-runners.md, literally, on the live server: the answers, and what the engine then
/// runs.
/// </summary>
[Collection(OnTheEngine.Name)]
public sealed class SessionDocumentTests
{
    private const string Session = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
    private const string Body = $$"""{"sessionId":"{{Session}}"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_FromProvisionToDeprovision_IsAsTheDocumentSays()
    {
        await using var server = await ApiServer.StartAsync();

        var provisioned = await server.Sessions.PostAsync("/api/runner/provision", null, ("X-Session-Id", Session)).JsonAsync(201);
        Assert.Equal(["message", "endpoint", "sessionId", "runnerId", "token", "expiresAt"], provisioned.AsObject().Select(field => field.Key));
        Assert.Equal("Runner provisioned successfully.", provisioned.Text("message"));
        Assert.Matches("^http://localhost:[0-9]+$", provisioned.Text("endpoint"));
        Assert.Equal(Session, provisioned.Text("sessionId"));

        var again = await server.Sessions.PostAsync("/api/runner/provision", Body).JsonAsync(200);
        Assert.Equal("Runner already exists for this session.", again.Text("message"));
        Assert.Equal(provisioned.Text("endpoint"), again.Text("endpoint"));
        Assert.Equal(Session, again.Text("sessionId"));

        var container = Assert.Single(await server.Containers.ListAsync());
        Assert.Equal("running", container.State);
        Assert.Equal(InstanceContainers.Image, container.Image);
        Assert.Equal(Session, container.Labels["taylored-runner-session-id"]);
        await LiveCalls.AnswersHttpAsync(provisioned.Text("endpoint"));

        await server.Sessions.PostAsync("/api/runner/heartbeat", Body)
            .AnswersAsync(200, $$"""{"message":"Heartbeat received for session {{Session}}."}""");
        await server.Sessions.PostAsync("/api/runner/deprovision", Body)
            .AnswersAsync(200, $$"""{"message":"Runner for session {{Session}} deprovisioned successfully."}""");

        Assert.Empty(await server.Containers.ListAsync());
        Assert.True(await FreePorts.IsClosedAsync(new Uri(provisioned.Text("endpoint")).Port, Cancel));
        await server.Sessions.PostAsync("/api/runner/deprovision", Body)
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"No active runner found for this session ID."}""");
        await server.Sessions.PostAsync("/api/runner/heartbeat", Body)
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"No active runner found for this session ID."}""");
        await server.Sessions.PostAsync("/api/runner/deprovision", null)
            .AnswersAsync(400, """{"error":"SESSION_ID_REQUIRED","message":"Session ID is required for deprovisioning."}""");
        await server.Sessions.PostAsync("/api/runner/heartbeat", "{}")
            .AnswersAsync(400, """{"error":"SESSION_ID_REQUIRED","message":"Session ID is required for heartbeat."}""");
    }

    [Fact]
    public async Task Run_OnAFreshEndpoint_StreamsOutputWhileItIsProduced()
    {
        await using var server = await ApiServer.StartAsync("--Runners:MinIdle=1");
        var runner = await server.Sessions.PostAsync("/api/runner/provision", null).JsonAsync(201);
        Assert.Equal(36, runner.Text("sessionId").Length);
        Assert.Equal('4', runner.Text("sessionId")[14]);

        using var client = new HttpClient { BaseAddress = new Uri(runner.Text("endpoint")) };
        using var refused = await client.PostAsync(new Uri("/run", UriKind.Relative), Code("bash", "echo no"), Cancel);
        Assert.Equal(401, (int)refused.StatusCode);

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", runner.Text("token"));
        // It ends only after the test has seen its first word and told it so.
        using var answer = await PostUntilTheAgentIsThereAsync(client, "bash", "echo one; until [ -e /tmp/seen ]; do sleep 0.05; done; echo two >&2; exit 3");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
        Assert.Equal("event: stdout", await events.ReadLineAsync(limit.Token));
        Assert.Equal("""data: "one\n" """.Trim(), await events.ReadLineAsync(limit.Token));

        var exec = await server.ExecAsync(runner.Text("sessionId"), "touch /tmp/seen");
        Assert.True(exec["exitCode"]!.GetValue<int>() == 0, exec.ToJsonString());

        var rest = await events.ReadToEndAsync(limit.Token);
        Assert.StartsWith("\nevent: stderr\ndata: \"two\\n\"\n\nevent: exit\ndata: {\"exitCode\":3,", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provision_ImageMissing_SaysSoInTheDocumentsWords()
    {
        await using var server = await ApiServer.StartAsync(
            // Production: without the details that the document leaves to other environments.
            "--environment=Production", "--DOCKER_IMAGE_NAME=orchestrator-tests/never-built", "--Machines:Image=orchestrator-tests/never-built");

        await server.Sessions.PostAsync("/api/runner/provision", Body).AnswersAsync(500, """
            {"error":"DOCKER_IMAGE_NOT_FOUND",
            "message":"Docker image orchestrator-tests/never-built not found. Ensure it has been built, typically by the 'runner-builder' service."}
            """);
        await server.Machines.GetAsync("/cmj7fop3s0002tt2w50m0rvex", Cancel).AnswersAsync(503, """
            {"error":"Failed to create worker or no machines available","message":"Please retry in a few seconds"}
            """);

        Assert.Empty(await server.Containers.ListAsync());
        Assert.Empty(await server.RunnersAsync());
    }

    [Fact]
    public async Task Session_ReuseRunnerMode_EverybodySharesOne()
    {
        await using var server = await ApiServer.StartAsync("--REUSE_RUNNER_MODE=true");

        var first = await server.ProvisionAsync("first");
        var second = await server.ProvisionAsync("second", 200);
        Assert.Equal("Returning existing singleton runner.", second.Text("message"));
        Assert.Equal((first.Text("endpoint"), "first"), (second.Text("endpoint"), second.Text("sessionId")));
        Assert.Single(await server.Containers.ListAsync());

        await server.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"first"}""")
            .AnswersAsync(200, """{"message":"Heartbeat received for singleton runner."}""");
        await server.Sessions.PostAsync("/api/runner/heartbeat", """{"sessionId":"second"}""")
            .AnswersAsync(404, """{"error":"RUNNER_NOT_FOUND","message":"Singleton runner not found or session ID mismatch."}""");
        await server.Sessions.PostAsync("/api/runner/deprovision", """{"sessionId":"first"}""")
            .AnswersAsync(200, """{"message":"Deprovisioning is disabled in REUSE_RUNNER_MODE."}""");
        Assert.Single(await server.Containers.ListAsync());
    }

    private static StringContent Code(string language, string code) =>
        new(new JsonObject { ["language"] = language, ["code"] = code }.ToJsonString(), Encoding.UTF8, "application/json");

    // A runner is ready when it answers HTTP; what runs its code may come a moment later, and says so.
    private static async Task<HttpResponseMessage> PostUntilTheAgentIsThereAsync(HttpClient client, string language, string code)
    {
        HttpResponseMessage? answer = null;
        await Eventually.TrueAsync(async () =>
        {
            answer?.Dispose();
            using var request = new HttpRequestMessage(HttpMethod.Post, "/run") { Content = Code(language, code) };
            answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.True((int)answer.StatusCode is 200 or 503, answer.ToString());
            return (int)answer.StatusCode == 200;
        }, what: "Running code");
        return answer!;
    }
}
