using System.Text.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>
/// The whole composition, started once for all tests that only look at it, with something of everything done in it:
/// sessions warm, cold and expired, machines, tasks of every type and end, callbacks taken and refused, shares.
/// </summary>
public sealed class CompositionFixture : ComponentFixture
{
    private AspireApp? _app;
    private CallbackServer? _callbacks;

    internal AspireApp App => _app!;

    internal CallbackServer Callbacks => _callbacks!;

    internal HttpClient Api { get; private set; } = null!;

    internal HttpClient Worker { get; private set; } = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The address that callbacks are taken at.</summary>
    internal string CallbackUrl(string path) => $"http://127.0.0.1:{Callbacks.Port}/{path}";

    protected override async ValueTask StartAsync()
    {
        _callbacks = await CallbackServer.StartAsync();
        _app = await AspireApp.StartProgramsAsync(
            "--Runners:MinIdle=1", "--Machines:MinIdle=1", "--Runners:InactivityTimeoutSeconds=45",
            "--Runners:CleanupIntervalSeconds=2", "--Tasks:RetrySeconds=0.2", $"--Callbacks:Allowed=127.0.0.1:{_callbacks.Port}");
        Api = _app.App.CreateHttpClient(Composition.Names.Api, "sessions");
        Worker = _app.App.CreateHttpClient(Composition.Names.Worker, "pod");
        await UseAsync("used");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_callbacks is not null)
        {
            await _callbacks.DisposeAsync();
        }

        Api?.Dispose();
        Worker?.Dispose();
    }

    /// <summary>Hands a task in.</summary>
    /// <returns>Its id.</returns>
    internal async Task<string> SubmitAsync(string body) =>
        (await Api.PostAsync("/task", body).JsonAsync(202))["task_id"]!.GetValue<string>();

    /// <summary>Waits until a task has ended.</summary>
    internal async Task<JsonNode> EndOfAsync(string task)
    {
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (status = await Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") is not ("pending" or "running"),
            TimeSpan.FromMinutes(2), $"The end of task {task}");
        return status!;
    }

    /// <summary>Does something of everything, for sessions and projects of a name.</summary>
    internal async Task UseAsync(string name)
    {
        for (var i = 0; i < 3; i++)
        {
            await Api.PostAsync("/api/runner/provision", $$"""{"sessionId":"{{name}}-{{i}}"}""").JsonAsync(201);
            if (i == 0)
            {
                // At once: the lease is short, and a cold start may take as long on a busy machine.
                await Api.PostAsync($"/api/runner/{name}-0/exec", """{"command":["bash","-c","echo hello"]}""").JsonAsync(200);
            }
        }

        await Api.PostAsync("/api/runner/provision", """{"networkMode":"wrong"}""").FailsAsync(400, "NETWORK_MODE_UNSUPPORTED");
        using (var machines = App.App.CreateHttpClient(Composition.Names.Api, "machines"))
        {
            await machines.SendAsync(HttpMethod.Get, $"/{name}-project").JsonAsync(200);
        }

        string[] tasks =
        [
            """{"type":"add","input":{"a":1,"b":2}}""",
            """{"type":"fibonacci","input":{"n":90}}""",
            """{"type":"run","input":{"command":["bash","-c","echo hello"]}}""",
            $$$"""{"type":"mine","input":{"header":"{{{new string('0', 160)}}}","difficulty":1e-9,"round_number":7}}""",
            $$"""{"type":"add","input":{"a":1,"b":2},"callback_url":"{{CallbackUrl("told")}}"}""",
            // More variables than the API takes: fails, is tried again, and is dead then.
            $$$"""{"type":"run","input":{"command":["true"],"env":{{{{string.Join(',', Enumerable.Range(0, 2_000).Select(i => $"\"v{i}\":\"\""))}}}}},"max_attempts":2}""",
        ];
        foreach (var task in await Task.WhenAll(tasks.Select(SubmitAsync)))
        {
            await EndOfAsync(task);
        }

        await Worker.PostAsync("/submission/7", Mining.MiningCalls.Example($"{name}-1").ToJsonString()).JsonAsync(200);
        await Worker.PostAsync("/submission/7", Mining.MiningCalls.Example($"{name}-2", valid: false).ToJsonString()).JsonAsync(200);
    }

    /// <summary>What Prometheus answers to a query: labels and value of each series.</summary>
    internal async Task<IReadOnlyList<(JsonElement Labels, double Value)>> QueryAsync(string query)
    {
        using var client = App.App.CreateHttpClient(Composition.Names.Prometheus);
        using var answer = await client.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, $"{query}\n{text}");
        return
        [
            .. JsonElement.Parse(text).GetProperty("data").GetProperty("result").EnumerateArray().Select(one => (
                one.GetProperty("metric"),
                double.Parse(one.GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture))),
        ];
    }
}

/// <summary>Tests that look at one running composition.</summary>
[CollectionDefinition(Name)]
public sealed class OnTheComposition : ICollectionFixture<CompositionFixture>
{
    public const string Name = "On the composition";
}
