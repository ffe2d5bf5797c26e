using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>Tasks and pod over HTTP: the examples of the documents and what docs/contract/contract.md adds, however it is deployed.</summary>
public abstract class TaskCallsContract : IAsyncLifetime
{
    private CallbackServer? _callbacks;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected CallbackServer Callbacks => _callbacks!;

    protected abstract HttpClient Sessions { get; }

    protected abstract HttpClient Pod { get; }

    public async ValueTask InitializeAsync()
    {
        _callbacks = await CallbackServer.StartAsync();
        await StartAsync(
            $"--Callbacks:Allowed=127.0.0.1:{Callbacks.Port}, localhost:{Callbacks.Port}, 169.254.169.254:80, evil.invalid:80",
            $"--Pod:CallbackUrl=http://127.0.0.1:{Callbacks.Port}/task/{{task_id}}/submit-to-js",
            "--Tasks:RetrySeconds=0.05");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_callbacks is not null)
        {
            await _callbacks.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task StartAsync(params string[] settings);

    protected abstract Task StopAsync();

    [Fact]
    public async Task Add_GivesTheSumAndWhoAdded()
    {
        var me = (await Sessions.GetStringAsync("/whoami", Cancel)).Trim('"');
        Assert.NotEmpty(me);

        await Sessions.SendAsync(HttpMethod.Get, "/add?a=1&b=2").AnswersAsync(200, $$"""{"handled_by":"{{me}}","sum":3}""");
        Assert.Contains("\"sum\":0.3", await Sessions.GetStringAsync("/add?a=0.1&b=0.2", Cancel));
        Assert.Contains("\"sum\":\"9007199254740992\"", await Sessions.GetStringAsync("/add?a=9007199254740991&b=1", Cancel));
        Assert.Contains($"\"1{new string('0', 4096)}\"", await Sessions.GetStringAsync($"/add?a={new string('9', 4096)}&b=1", Cancel));
    }

    [Theory]
    [InlineData("/add")]
    [InlineData("/add?a=1")]
    [InlineData("/add?a=NaN&b=1")]
    [InlineData("/add?a=Infinity&b=1")]
    [InlineData("/add?a=1e1000&b=1")]
    [InlineData("/add?a=1&b=x")]
    [InlineData("/add?a=&b=1")]
    [InlineData("/add?a=1&b=1&b=2")]
    public async Task Add_BadInput_Is400(string path) => await Sessions.SendAsync(HttpMethod.Get, path).FailsAsync(400, "INPUT_INVALID");

    [Theory]
    [InlineData("/task?a=1&b=2", null)]
    [InlineData("/task?a=1&b=2&operation=add", "")]
    [InlineData("/task", """{"a":1,"b":2}""")]
    [InlineData("/task", """{"a":"1","b":2,"operation":"add"}""")]
    [InlineData("/task?a=5&b=5", """{"a":1,"b":2}""")]
    [InlineData("/task", """{"type":"add","input":{"a":1,"b":2}}""")]
    public async Task Task_Add_IsWorkedOffAndTellsItsThreeSteps(string path, string? body)
    {
        using var response = await Sessions.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var accepted = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;
        Assert.Equal(["task_id", "initiated_by"], accepted.AsObject().Select(field => field.Key));
        Assert.Equal($"/tasks/{accepted.Text("task_id")}/status", response.Headers.Location?.OriginalString);

        var status = await EndOfAsync(accepted.Text("task_id"));

        Assert.Equal(("complete", "add", 3), (status.Text("status"), status.Text("type"), status["result"]!.GetValue<int>()));
        Assert.Equal(accepted.Text("initiated_by"), status.Text("initiated_by"));
        Assert.Equal(await WhoAmIAsync(), status.Text("checked_by"));
        Assert.NotEmpty(status.Text("handled_by"));
        Assert.Equal(1, status["attempts"]!.GetValue<int>());
        Assert.All(["created_at", "started_at", "finished_at"], name => Assert.True(DateTimeOffset.TryParse(status.Text(name), out _)));
        Assert.Null(status["error"]);
        Assert.Null(status["tenant"]);
    }

    [Theory]
    [InlineData("{}", "INPUT_INVALID")]
    [InlineData("""{"a":"NaN","b":1}""", "INPUT_INVALID")]
    [InlineData("""{"a":1e1000,"b":1}""", "INPUT_INVALID")]
    [InlineData("""{"a":1,"b":[]}""", "INPUT_INVALID")]
    [InlineData("""{"a":1,"b":2,"operation":"divide"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"nonsense","input":{}}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1000001}}""", "INPUT_INVALID")]
    [InlineData("""{"type":"fibonacci","input":7}""", "INPUT_INVALID")]
    [InlineData("""{"type":"fibonacci"}""", "INPUT_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"max_attempts":0}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"max_attempts":"2"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"run_at":"tomorrow"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"run_at":"2026-01-01T00:00:00"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"run_at":"9999-01-01T00:00:00Z"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"idempotency_key":""}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":"http://elsewhere.example/"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":"http://169.254.169.254/latest/meta-data"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":"http://[::ffff:169.254.169.254]/"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":"file:///etc/passwd"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":7}""", "FIELD_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"n":1},"callback_url":"http://a\u05d0/"}""", "FIELD_INVALID")]
    [InlineData("""{"type":"run","input":{}}""", "INPUT_INVALID")]
    [InlineData("""{"a":"\ud800","b":1}""", "BODY_INVALID")]
    [InlineData("""{"type":"fibonacci","input":{"\ud800":1}}""", "BODY_INVALID")]
    [InlineData("{", "BODY_INVALID")]
    [InlineData("[]", "BODY_INVALID")]
    public async Task Task_BadInput_Is400WithAReason(string body, string error)
    {
        var answer = await Sessions.PostAsync("/task", body).FailsAsync(400, error);

        Assert.Contains(' ', answer.Text("error"));
        Assert.Equal(await WhoAmIAsync(), answer.Text("handled_by"));
    }

    [Theory]
    [InlineData("GET", "/add?a=1", 400, "Missing params: a and b are required.", "INPUT_INVALID")]
    [InlineData("GET", "/add?a=1&b=x", 400, "b is not a number.", "INPUT_INVALID")]
    [InlineData("POST", "/task", 400, "Missing params: a and b are required.", "INPUT_INVALID")]
    [InlineData("POST", "/task?b=1&a=", 400, "Missing params: a and b are required.", "INPUT_INVALID")]
    [InlineData("POST", "/task?a=1&b=2&operation=mul", 400, "Unknown operation: mul", "FIELD_INVALID")]
    [InlineData("GET", "/tasks/nobody/status", 404, "No Task_ID to check status nobody", "TASK_NOT_FOUND")]
    public async Task Wizard_Error_IsASentenceWithItsCodeAndInstance(string verb, string path, int status, string sentence, string code) =>
        await Sessions.SendAsync(HttpMethod.Parse(verb), path)
            .AnswersAsync(status, $$"""{"error":"{{sentence}}","code":"{{code}}","handled_by":"{{await WhoAmIAsync()}}"}""");

    [Theory]
    [InlineData("DELETE", "/tasks/nobody")]
    [InlineData("GET", "/tasks?limit=0")]
    public async Task OwnCall_Error_IsACodeWithItsSentence(string verb, string path)
    {
        using var response = await Sessions.SendAsync(HttpMethod.Parse(verb), path);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!.AsObject();

        Assert.Equal(["error", "message"], answer.Select(field => field.Key));
    }

    [Fact]
    public async Task Wizard_BodyTooLarge_IsToldInWordsToo()
    {
        var answer = await Sessions.PostAsync("/task", new string(' ', (1 << 20) + 1)).FailsAsync(413, "BODY_TOO_LARGE");

        Assert.StartsWith("The body is too large", answer.Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Task_FieldsInEitherSpelling_AreTaken()
    {
        var later = DateTimeOffset.UtcNow.AddHours(1).ToString("O");
        var first = await SubmitAsync($$"""{"type":"fibonacci","input":{"N":7},"runAt":"{{later}}","idempotencyKey":"either","maxAttempts":2,"note":"-"}""");

        Assert.Equal(first, await SubmitAsync("""{"TYPE":"fibonacci","input":{"n":7},"idempotency_key":"either"}"""));
        Assert.Equal("pending", (await Sessions.SendAsync(HttpMethod.Get, $"/tasks/{first}/status").JsonAsync(200)).Text("status"));
        await Sessions.PostAsync("/task", """{"a":1,"b":2,"callbackUrl":"http://elsewhere.example/"}""").FailsAsync(400, "FIELD_INVALID");
        await Sessions.PostAsync("/task", """{"a":1,"b":2,"maxAttempts":0}""").FailsAsync(400, "FIELD_INVALID");
    }

    [Theory]
    [InlineData("""{"type":"fibonacci","input":{"n":1,"nn":2}}""", "input.nn is unknown.")]
    [InlineData("""{"type":"run","input":{"comand":["true"]}}""", "input.comand is unknown; did you mean input.command?")]
    [InlineData("""{"type":"run","input":{"command":["true"],"timeout":2}}""", "input.timeout is unknown; did you mean input.timeoutSeconds?")]
    [InlineData("""{"type":"mine","input":{"header":"00","nonce":1}}""", "input.nonce is unknown; did you mean input.first_nonce?")]
    public async Task Task_UnknownFieldOfAnInput_IsRefusedWithTheNearOne(string body, string sentence) =>
        Assert.Equal(sentence, (await Sessions.PostAsync("/task", body).FailsAsync(400, "FIELD_UNKNOWN")).Text("error"));

    [Theory]
    [InlineData("""{"type":"run","input":{"command":["true"],"timeout_seconds":0}}""", "timeoutSeconds must be more than 0 and at most 3600.")]
    [InlineData("""{"type":"mine","input":{"header":"00","firstNonce":-1}}""", "header must be 160 hexadecimal digits.")]
    public async Task Task_InputInAnotherSpelling_IsReadByItsHandler(string body, string sentence) =>
        Assert.Equal(sentence, (await Sessions.PostAsync("/task", body).FailsAsync(400, "INPUT_INVALID")).Text("error"));

    [Fact]
    public async Task Task_InputFieldInTwoSpellings_IsRefused() =>
        await Sessions.PostAsync("/task", """{"type":"fibonacci","input":{"n":1,"N":1}}""").FailsAsync(400, "FIELD_INVALID");

    [Theory]
    [InlineData("2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31t12:00:00z")]
    [InlineData("2026-01-31T12:00Z")]
    [InlineData("2026-01-31T12:00:00.1+01:00")]
    [InlineData("2026-01-31T12:00:00.1234567Z")]
    [InlineData("2026-01-31T12:00:00.123456789-05:30")]
    public async Task Task_RunAtOfRfc3339_IsTaken(string time) =>
        await SubmitAsync($$"""{"type":"fibonacci","input":{"n":1.0},"run_at":"{{time}}"}""");

    [Theory]
    [InlineData("2026-01-31T12:00:00.1234567890Z")]
    [InlineData("2026-01-31T12:00:00.Z")]
    [InlineData("2026-01-31T12:00:0012Z")]
    [InlineData("2026-01-31 12:00:00Z")]
    [InlineData("2026-01-31T12:00:00Z\\n")]
    [InlineData("2026-02-30T12:00:00Z")]
    public async Task Task_RunAtOfNoRfc3339_IsRefused(string time) =>
        await Sessions.PostAsync("/task", $$"""{"type":"fibonacci","input":{"n":1},"run_at":"{{time}}"}""").FailsAsync(400, "FIELD_INVALID");

    [Fact]
    public async Task Task_BytesThatAreNoText_IsRefused()
    {
        using var body = new ByteArrayContent([.. "{\"a\":\""u8, 0xFF, .. "\",\"b\":1}"u8]);

        await Sessions.PostAsync("/task", body, Cancel).FailsAsync(400, "BODY_INVALID");
    }

    [Fact]
    public async Task Task_AMillionDigits_IsRefused() =>
        await Sessions.PostAsync("/task", $$"""{"a":{{new string('9', 1_000_000)}},"b":1}""").FailsAsync(400, "INPUT_INVALID");

    [Fact]
    public async Task Task_Fibonacci_IsExact()
    {
        var status = await EndOfAsync(await SubmitAsync("""{"type":"fibonacci","input":{"n":100}}"""));

        Assert.Equal("354224848179261915075", status.Text("result"));
    }

    [Fact]
    public async Task Task_SameIdempotencyKey_IsTheSameTask()
    {
        var first = await SubmitAsync("""{"type":"fibonacci","input":{"n":7},"idempotency_key":"k"}""");

        Assert.Equal(first, await SubmitAsync("""{"type":"fibonacci","input":{ "n" : 7 },"idempotency_key":"k"}"""));
        await Sessions.PostAsync("/task", """{"type":"fibonacci","input":{"n":8},"idempotency_key":"k"}""").FailsAsync(409, "IDEMPOTENCY_CONFLICT");
    }

    [Fact]
    public async Task Task_ForLater_CanBeCancelledOnce()
    {
        var later = DateTimeOffset.UtcNow.AddHours(1).ToString("O");
        var id = await SubmitAsync($$"""{"type":"fibonacci","input":{"n":7},"run_at":"{{later}}"}""");
        var status = await Sessions.SendAsync(HttpMethod.Get, $"/tasks/{id}/status").JsonAsync(200);
        Assert.Equal("pending", status.Text("status"));
        Assert.Null(status["handled_by"]);

        await Sessions.SendAsync(HttpMethod.Delete, $"/tasks/{id}").AnswersAsync(200, $$"""{"task_id":"{{id}}","status":"cancelled"}""");
        await Sessions.SendAsync(HttpMethod.Delete, $"/tasks/{id}").FailsAsync(409, "TASK_NOT_PENDING");
        await Sessions.PostAsync($"/tasks/{id}/retry", null).FailsAsync(409, "TASK_NOT_FAILED");
        Assert.Equal("cancelled", (await Sessions.SendAsync(HttpMethod.Get, $"/tasks/{id}/status").JsonAsync(200)).Text("status"));
    }

    [Theory]
    [InlineData("GET", "/tasks/nobody/status")]
    [InlineData("GET", "/tasks/..%2F..%2Fx/status")]
    [InlineData("DELETE", "/tasks/nobody")]
    [InlineData("POST", "/tasks/nobody/retry")]
    public async Task Task_Unknown_Is404(string verb, string path) =>
        await Sessions.SendAsync(HttpMethod.Parse(verb), path).FailsAsync(404, "TASK_NOT_FOUND");

    [Fact]
    public async Task Tasks_AreListedNewestFirst()
    {
        var first = await SubmitAsync("""{"a":1,"b":1}""");
        await EndOfAsync(first);
        var second = await SubmitAsync("""{"a":2,"b":2}""");
        await EndOfAsync(second);

        var list = await Sessions.SendAsync(HttpMethod.Get, "/tasks?status=complete&limit=2").JsonAsync(200);
        Assert.Equal([second, first], list["tasks"]!.AsArray().Select(task => task!.Text("task_id")));
        Assert.All(list["tasks"]!.AsArray(), task => Assert.Equal("default", task!.Text("tenant")));
        Assert.Equal("""{"tasks":[]}""", await Sessions.GetStringAsync("/tasks/dead", Cancel));
        await Sessions.SendAsync(HttpMethod.Get, "/tasks?status=odd").FailsAsync(400, "FIELD_INVALID");
        await Sessions.SendAsync(HttpMethod.Get, "/tasks?limit=0").FailsAsync(400, "FIELD_INVALID");
    }

    [Fact]
    public async Task Tasks_AreListedInPagesWithoutResults()
    {
        List<string> ids = [];
        foreach (var n in (int[])[10, 30_000, 11])
        {
            ids.Insert(0, await SubmitAsync($$$"""{"type":"fibonacci","input":{"n":{{{n}}}}}"""));
            await EndOfAsync(ids[0]);
        }

        var first = await Sessions.SendAsync(HttpMethod.Get, "/tasks?limit=2").JsonAsync(200);
        var second = await Sessions.SendAsync(HttpMethod.Get, $"/tasks?limit=2&cursor={first.Text("next")}").JsonAsync(200);
        Assert.Equal(ids, first["tasks"]!.AsArray().Concat(second["tasks"]!.AsArray()).Select(task => task!.Text("task_id")));
        Assert.Null(second["next"]);
        Assert.All(first["tasks"]!.AsArray(), task => Assert.Null(task!["result"]));

        // 6,270 digits are too many for a list.
        var results = (await Sessions.SendAsync(HttpMethod.Get, "/tasks?results=true").JsonAsync(200))["tasks"]!.AsArray();
        Assert.Equal(["89", null, "55"], results.Select(task => task!["result"]?.ToJsonString()));
        foreach (var query in (string[])["cursor=x", "cursor=1", "cursor=-1-a", "cursor=1-%00", "results=yes", "limit=1001", "limit=1.0"])
        {
            await Sessions.SendAsync(HttpMethod.Get, $"/tasks?{query}").FailsAsync(400, "FIELD_INVALID");
        }
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00.123456789Z")]
    [InlineData("2026-01-31t12:00:00.5z")]
    [InlineData("2026-01-31T12:00:00.12345678+05:30")]
    public async Task RunAt_AsRfc3339HasIt_IsTakenAndShown(string time)
    {
        var id = await SubmitAsync($$"""{"type":"fibonacci","input":{"n":5.0},"run_at":"{{time}}"}""");

        var shown = (await EndOfAsync(id)).Text("run_at");

        Assert.Equal(2026, DateTimeOffset.Parse(shown, System.Globalization.CultureInfo.InvariantCulture).Year);
    }

    [Fact]
    public async Task Types_AreListedWithTheirSchema()
    {
        var types = (await Sessions.SendAsync(HttpMethod.Get, "/tasks/types").JsonAsync(200))["types"]!.AsArray();

        Assert.All(["add", "fibonacci", "run"], name => Assert.Contains(types, type => type!.Text("type") == name));
        Assert.All(types, type => Assert.Equal("object", type!["input_schema"]!.Text("type")));
    }

    [Fact]
    public async Task Callback_IsTheStatus_AndIsTriedAgainWithinTheTrace()
    {
        Callbacks.Status = call => call < 3 ? 503 : 200;
        var url = $"http://127.0.0.1:{Callbacks.Port}/done";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task")
        {
            Content = new StringContent($$"""{"a":1,"b":2,"callback_url":"{{url}}"}"""),
        };
        using var response = await Sessions.SendAsync(request, Cancel);
        var id = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!.Text("task_id");

        var third = await Callbacks.CallAsync(3);

        Assert.Equal("/done", third.Path);
        var body = JsonNode.Parse(third.Body)!;
        Assert.Equal((id, "complete", 3), (body.Text("task_id"), body.Text("status"), body["result"]!.GetValue<int>()));
        var calls = Callbacks.Calls.ToArray();
        Assert.InRange((calls[1].At - calls[0].At).TotalSeconds, 0.45, 5);
        Assert.InRange((calls[2].At - calls[1].At).TotalSeconds, 0.95, 8);
    }

    [Fact]
    public async Task Callback_Redirected_IsNotFollowed()
    {
        Callbacks.Status = call => call == 1 ? 302 : 200;
        await SubmitAsync($$"""{"a":1,"b":2,"callback_url":"http://localhost:{{Callbacks.Port}}/here"}""");

        Assert.Equal("/here", (await Callbacks.CallAsync(2)).Path);
        Assert.DoesNotContain(Callbacks.Calls, call => call.Path == "/elsewhere");
    }

    [Fact]
    public async Task Pod_Fibonacci_IsComputedOnceAndPostedBack()
    {
        const string Body = """{"task_id":"TESTING_TASK_ID","input":10,"todo":"ComputeFibonacci"}""";
        await Pod.PostAsync("/task/todo-1", Body).AnswersAsync(200, """{"todoId":"todo-1","status":"Task started"}""");

        var (path, body, _, _) = await Callbacks.CallAsync();

        Assert.Equal("/task/TESTING_TASK_ID/submit-to-js", path);
        Assert.Equal("""{"success":true,"result":{"task_id":"TESTING_TASK_ID","result":55,"todoId":"todo-1"}}""", body);

        await Pod.PostAsync("/task/todo-1", Body).AnswersAsync(200, """{"todoId":"todo-1","status":"Task started"}""");
        await Pod.PostAsync("/task/todo-1", """{"task_id":"TESTING_TASK_ID","input":11,"todo":"ComputeFibonacci"}""").FailsAsync(409, "TASK_CONFLICT");
        await Pod.PostAsync("/task/todo-2", Body).JsonAsync(200);
        await Callbacks.CallAsync(2);
        await Pod.PostAsync("/task/todo-3", """{"task_id":"LAST","input":1,"todo":"ComputeFibonacci"}""").JsonAsync(200);
        Assert.Equal("/task/LAST/submit-to-js", (await Callbacks.CallAsync(3)).Path);
        Assert.Equal(3, Callbacks.Calls.Count);
    }

    [Theory]
    [InlineData("t", """{"task_id":"x","input":1,"todo":"ComputePi"}""", "Unknown task type: ComputePi")]
    [InlineData("t", """{"task_id":"x","input":-1,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":"x","input":1.5,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":"x","input":"1","todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":"x","input":1000001,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":"x","todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":"../x","input":1,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"task_id":7,"input":1,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", """{"input":1,"todo":"ComputeFibonacci"}""", "FIELD_REQUIRED")]
    [InlineData("t%20t", """{"task_id":"x","input":1,"todo":"ComputeFibonacci"}""", "FIELD_INVALID")]
    [InlineData("t", null, "FIELD_REQUIRED")]
    [InlineData("t", "nonsense", "BODY_INVALID")]
    public async Task Pod_BadInput_Is400(string todo, string? body, string error) =>
        await Pod.PostAsync($"/task/{todo}", body).FailsAsync(400, error);

    [Theory]
    [InlineData("""{"submission":{"message":"Hello World!"}}""", "true")]
    [InlineData("""{"submission":{"message":"Hello"}}""", "false")]
    [InlineData("""{"submission":{"message":["Hello World!"]}}""", "false")]
    [InlineData("""{"submission":"Hello World!"}""", "false")]
    [InlineData("""{"submission":{"message":"\ud800\ud800"}}""", "false")]
    [InlineData("[]", "false")]
    [InlineData("nonsense", "false")]
    [InlineData(null, "false")]
    public async Task Pod_Audit_ComparesTheMessage(string? body, string expected)
    {
        using var response = await Pod.PostAsync("/audit", body);

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)));
    }

    [Fact]
    public async Task Pod_AuditOfTooMuch_Is413() => await Pod.PostAsync("/audit", new string(' ', (1 << 20) + 1)).FailsAsync(413, "BODY_TOO_LARGE");

    protected async Task<string> SubmitAsync(string body) => (await Sessions.PostAsync("/task", body).JsonAsync(202)).Text("task_id");

    protected async Task<JsonNode> EndOfAsync(string id)
    {
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (status = await Sessions.SendAsync(HttpMethod.Get, $"/tasks/{id}/status").JsonAsync(200)).Text("status") is "complete" or "failed",
            what: "The end of the task");
        return status!;
    }

    protected async Task<string> WhoAmIAsync() => (await Sessions.GetStringAsync("/whoami", Cancel)).Trim('"');
}
