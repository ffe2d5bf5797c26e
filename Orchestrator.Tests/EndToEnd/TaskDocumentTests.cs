using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// The examples of docs/contract/math-wizard.md and docs/contract/orca-pod.md on live servers: one process, and an API and
/// a worker on a real Redis and on a real Valkey.
/// </summary>
public sealed class TaskDocumentTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(RedisServer.Redis)]
    [InlineData(RedisServer.Valkey)]
    public async Task Examples_OnLiveServers_AnswerAsTheDocumentsSay(string? program)
    {
        await using var callbacks = await CallbackServer.StartAsync();
        await using var fleet = await TaskFleet.StartAsync(
            program, $"--Pod:CallbackUrl=http://127.0.0.1:{callbacks.Port}/task/{{task_id}}/submit-to-js");

        var sum = await MathWizardAsync(fleet);
        await OrcaPodAsync(fleet, callbacks);
        await RunAsync(fleet);

        // "This allows the API to restart without losing task history."
        await fleet.Api.KillAsync();
        await fleet.Api.StartAgainAsync();
        var status = await fleet.Api.Sessions.GetAsync($"/tasks/{sum.Text("task_id")}/status", Cancel).JsonAsync(200);
        Assert.Equal((12, sum.Text("handled_by")), (status["result"]!.GetValue<int>(), status.Text("handled_by")));
        Assert.Equal(sum.Text("initiated_by"), status.Text("initiated_by"));
        Assert.Equal(await WhoAmIAsync(fleet.Api.Sessions), status.Text("checked_by"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(RedisServer.Redis)]
    public async Task Callback_WorkerKilledBeforeItWasTaken_IsDeliveredByTheNext(string? program)
    {
        await using var callbacks = await CallbackServer.StartAsync();
        callbacks.Status = _ => 503;
        await using var fleet = await TaskFleet.StartAsync(
            program, $"--Pod:CallbackUrl=http://127.0.0.1:{callbacks.Port}/task/{{task_id}}/submit-to-js");
        const string Body = """{"task_id":"T1","input":30,"todo":"ComputeFibonacci"}""";
        await fleet.Pod.PostAsync("/task/todo-1", Body).JsonAsync(200);
        await callbacks.CallAsync(2);

        await fleet.KillWorkerAsync();
        var refused = callbacks.Calls.Count;
        callbacks.Status = _ => 200;
        await fleet.StartWorkerAgainAsync();

        await Eventually.TrueAsync(() => callbacks.Calls.Count > refused, Patience, "A callback of the worker that came after");
        var (path, body, _, _) = callbacks.Calls.ElementAt(refused);
        Assert.Equal("/task/T1/submit-to-js", path);
        Assert.Equal("""{"success":true,"result":{"task_id":"T1","result":832040,"todoId":"todo-1"}}""", body);

        // The same again is neither computed nor told again.
        await fleet.Pod.PostAsync("/task/todo-1", Body).JsonAsync(200);
        await fleet.Pod.PostAsync("/task/todo-2", Body).JsonAsync(200);
        await Eventually.TrueAsync(
            () => callbacks.Calls.Skip(refused).Any(call => call.Body.Contains("todo-2", StringComparison.Ordinal)), Patience, "The next callback");
        Assert.Equal(2, callbacks.Calls.Skip(refused).Count());
    }

    private static async Task<JsonNode> MathWizardAsync(TaskFleet fleet)
    {
        var sessions = fleet.Api.Sessions;
        var me = await WhoAmIAsync(sessions);
        await sessions.GetAsync("/add?a=5&b=7", Cancel).AnswersAsync(200, $$"""{"handled_by":"{{me}}","sum":12}""");

        var accepted = await sessions.PostAsync("/task?a=5&b=7", null).JsonAsync(202);
        Assert.Equal(me, accepted.Text("initiated_by"));
        var status = await EndOfAsync(sessions, accepted.Text("task_id"));
        Assert.Equal(("complete", 12), (status.Text("status"), status["result"]!.GetValue<int>()));
        Assert.Equal((me, me), (status.Text("initiated_by"), status.Text("checked_by")));

        // The worker is somebody else where it is a process of its own.
        Assert.NotEmpty(status.Text("handled_by"));
        Assert.Equal(fleet.IsDistributed, status.Text("handled_by") != me);
        var valkey = await sessions.GetAsync("/valkey_test", Cancel).JsonAsync(fleet.IsDistributed ? 200 : 503);
        Assert.Equal((fleet.IsDistributed, me), (valkey["valkey_ok"]!.GetValue<bool>(), valkey.Text("handled_by")));
        if (fleet.IsDistributed)
        {
            Assert.Equal("hello from valkey", valkey["read_value"]!.Text("message"));
        }

        return status;
    }

    private static async Task OrcaPodAsync(TaskFleet fleet, CallbackServer callbacks)
    {
        await fleet.Pod.PostAsync("/task/todo-1", """{"task_id":"TASK_1","input":10,"todo":"ComputeFibonacci"}""")
            .AnswersAsync(200, """{"todoId":"todo-1","status":"Task started"}""");
        var (path, body, _, _) = await callbacks.CallAsync();
        Assert.Equal("/task/TASK_1/submit-to-js", path);
        Assert.Equal("""{"success":true,"result":{"task_id":"TASK_1","result":55,"todoId":"todo-1"}}""", body);
        await fleet.Pod.PostAsync("/task/todo-2", """{"task_id":"TASK_1","input":10,"todo":"ComputePi"}""").FailsAsync(400, "Unknown task type: ComputePi");

        Assert.Equal("true", await TextAsync(fleet.Pod.PostAsync("/audit", """{"submission":{"message":"Hello World!"}}""")));
        Assert.Equal("false", await TextAsync(fleet.Pod.PostAsync("/audit", """{"submission":{"message":"Bye"}}""")));
        Assert.Equal("OK", await TextAsync(fleet.Pod.GetAsync("/", Cancel)));
        Assert.Equal("OK", await TextAsync(fleet.Pod.PostAsync("/healthz", null)));
    }

    private static async Task RunAsync(TaskFleet fleet)
    {
        var sessions = fleet.Api.Sessions;
        var accepted = await sessions.PostAsync("/task", """{"type":"run","input":{"language":"python","code":"import os\nprint(6 * 7, os.getuid() != 0)"}}""").JsonAsync(202);
        var failing = await sessions.PostAsync("/task", """{"type":"run","input":{"command":["sh","-c","echo no >&2; exit 3"]}}""").JsonAsync(202);

        var status = await EndOfAsync(sessions, accepted.Text("task_id"));
        Assert.Equal(("complete", 0, "42 True\n"), (status.Text("status"), status["result"]!["exitCode"]!.GetValue<int>(), status["result"]!.Text("stdout")));
        status = await EndOfAsync(sessions, failing.Text("task_id"));
        Assert.Equal((3, "no\n"), (status["result"]!["exitCode"]!.GetValue<int>(), status["result"]!.Text("stderr")));

        // What it was run in is given back.
        await Eventually.TrueAsync(async () => (await fleet.Api.Containers.ListAsync()).Count == 0, Patience, "The end of the tasks' runners");
        Assert.Empty(await fleet.Api.RunnersAsync());
    }

    private static async Task<JsonNode> EndOfAsync(HttpClient sessions, string id)
    {
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (status = await sessions.GetAsync($"/tasks/{id}/status", Cancel).JsonAsync(200)).Text("status") is "complete" or "failed",
            Patience, "The end of the task");
        return status!;
    }

    private static async Task<string> WhoAmIAsync(HttpClient sessions) => (await sessions.GetStringAsync("/whoami", Cancel)).Trim('"');

    private static async Task<string> TextAsync(Task<HttpResponseMessage> call)
    {
        using var response = await call;
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadAsStringAsync(Cancel);
    }
}
