using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>Makes calls of every kind with a key, good ones and bad ones, and keeps what was answered and what is secret.</summary>
internal sealed class SecretCalls(HttpClient sessions, HttpClient machines)
{
    public const string Key = "key-0123456789abcdef-of-the-operator";
    private const string WrongKey = "key-fedcba9876543210-of-a-stranger";

    private readonly List<string> _answers = [];
    private readonly List<string> _secrets = [Key, WrongKey];

    /// <summary>What a server has to be started with.</summary>
    public static string[] Settings(string collector) =>
    [
        $"--Security:ApiKeys={Key}", "--Security:Listen=loopback", "--Logging:LogLevel:Default=Trace",
        $"--OTEL_EXPORTER_OTLP_ENDPOINT={collector}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ];

    /// <summary>Leases a runner and a machine, which is the only time that their tokens are told.</summary>
    /// <returns>The runner.</returns>
    public async Task<JsonNode> LeaseAsync()
    {
        var runner = await TokenAsync(sessions.PostAsync("/api/runner/provision", """{"sessionId":"s1"}""", ("X-Api-Key", Key)), 201);
        await TokenAsync(sessions.PostAsync("/api/runner/provision", """{"sessionId":"s1"}""", ("X-Api-Key", Key)), 200);
        await TokenAsync(machines.SendAsync(HttpMethod.Get, "/p1", null, ("X-Api-Key", Key)), 200);
        return runner;
    }

    /// <summary>Uses both and looks at everything there is to see.</summary>
    public async Task UseAsync()
    {
        await AskAsync(200, sessions, "POST", "/api/runner/heartbeat", """{"sessionId":"s1"}""", ("Authorization", $"Bearer {_secrets[^1]}"));
        await AskAsync(200, sessions, "POST", "/api/runner/s1/exec", """{"command":["echo","hi"]}""");
        await AskAsync(200, sessions, "POST", "/api/runner/s1/exec", """{"command":["echo","hi"]}""", ("Accept", "text/event-stream"));
        await AskAsync(200, sessions, "GET", "/api/runner/s1/logs");
        var task = JsonNode.Parse(await AskAsync(202, sessions, "POST", "/task", """{"type":"run","input":{"command":["echo","hi"]}}"""))!.Text("task_id");
        await Eventually.TrueAsync(
            async () => (await AskAsync(200, sessions, "GET", $"/tasks/{task}/status")).Contains("complete", StringComparison.Ordinal), what: "The task's end");
        foreach (var path in (string[])["/api/runner", "/api/overview", "/tasks", "/tasks/dead", "/health", "/ready", "/metrics", "/openapi/v1.json"])
        {
            await AskAsync(200, sessions, "GET", path);
        }

        await AskAsync(200, machines, "GET", "/machines/list");
    }

    /// <summary>Makes mistakes.</summary>
    public async Task FailAsync()
    {
        await AskAsync(400, sessions, "POST", "/api/runner/provision", """{"networkMode":"host"}""");
        await AskAsync(400, sessions, "POST", "/api/runner/provision", """{"sessionId":7}""");
        await AskAsync(400, sessions, "POST", "/api/runner/provision", """{"sessionId":""");
        await AskAsync(400, sessions, "POST", "/api/runner/s1/exec", """{"command":[]}""");
        await AskAsync(404, sessions, "POST", "/api/runner/nobody/exec", """{"command":["true"]}""");
        await AskAsync(404, sessions, "POST", "/api/runner/heartbeat", """{"sessionId":"nobody"}""");
        await AskAsync(405, sessions, "PUT", "/api/runner/provision");
        await AskAsync(404, machines, "DELETE", "/nobody");
        await AskAsync(404, machines, "POST", "/destroy", $$"""{"containerId":"{{_secrets[^1]}}"}""");
        await KeepAsync(401, sessions.PostAsync("/api/runner/provision", null, ("X-Api-Key", WrongKey)));
        await KeepAsync(401, machines.SendAsync(HttpMethod.Get, "/p1", null, ("X-Api-Key", $"{Key},{WrongKey}")));
        await KeepAsync(401, machines.SendAsync(HttpMethod.Get, "/p1"));
    }

    /// <summary>Makes one call whose answer is kept.</summary>
    public Task<string> AskAsync(int status, HttpClient listener, string verb, string path, string? body = null, params (string Name, string Value)[] headers) =>
        KeepAsync(status, listener.SendAsync(HttpMethod.Parse(verb), path, body, [("X-Api-Key", Key), .. headers]));

    /// <summary>Ends both leases.</summary>
    public async Task EndAsync()
    {
        await AskAsync(200, sessions, "POST", "/api/runner/deprovision", """{"sessionId":"s1"}""");
        await AskAsync(200, machines, "DELETE", "/p1");
    }

    /// <summary>Looks for the secrets in every answer kept and in what else was told.</summary>
    public void AssertKept(params (string Name, string Text)[] told)
    {
        Assert.Equal(4, _secrets.Count);
        var leaks = new List<string>();
        foreach (var (name, text) in told.Concat(_answers.Select(answer => (Name: answer.Split('\n')[0], answer))))
        {
            Assert.True(text.Length > 0, $"Nothing is known of {name}.");
            leaks.AddRange(_secrets
                .Select(secret => text.IndexOf(secret, StringComparison.OrdinalIgnoreCase))
                .Where(at => at >= 0)
                .Select(at => $"{name}, after: {Readable(text[Math.Max(0, at - 100)..at])}"));
        }

        Assert.True(leaks.Count == 0, $"A secret is told by {string.Join("; ", leaks)}");
    }

    private static string Readable(string text) => string.Concat(text.Select(c => char.IsAscii(c) && !char.IsControl(c) ? c : ' '));

    private async Task<JsonNode> TokenAsync(Task<HttpResponseMessage> call, int status)
    {
        var answer = await call.JsonAsync(status);
        var token = answer.Text("token");
        Assert.True(token.Length >= 32);
        if (!_secrets.Contains(token))
        {
            _secrets.Add(token);
        }

        return answer;
    }

    private async Task<string> KeepAsync(int status, Task<HttpResponseMessage> call)
    {
        using var response = await call;
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} instead of {status}: {text}");
        _answers.Add($"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri}\n{response.Headers}{response.Content.Headers}{text}");
        return text;
    }
}
