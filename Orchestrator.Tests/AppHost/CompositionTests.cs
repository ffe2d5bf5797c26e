using System.Text.Json;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>The composition with local programs for its parts: every one real, as on a machine without images.</summary>
[Collection(OnTheComposition.Name)]
public sealed class CompositionTests(CompositionFixture composition)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Services_Started_AreAliveAndReady()
    {
        foreach (var service in (HttpClient[])[composition.Api, composition.Worker])
        {
            Assert.Equal("alive", await service.GetStringAsync("/alive", Stop));
            Assert.Equal("ready", (await service.SendAsync(HttpMethod.Get, "/ready").JsonAsync(200)).Text("status"));
        }
    }

    [Fact]
    public async Task Workers_AllOfThem_AreHealthy() => await Eventually.TrueAsync(
        () => composition.App.ReplicasOf(Composition.Names.Worker).Count(worker => worker.HealthStatus == HealthStatus.Healthy) == Composition.Workers, Limit, "Every worker's health");

    [Fact]
    public void Grafana_WithoutContainers_IsShownAsLeftOut()
    {
        var state = Assert.Single(composition.App.ReplicasOf(Composition.Names.Grafana)).State;

        Assert.StartsWith("Left out: ", state?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_Provisioned_RunsACommand()
    {
        var lease = await composition.Api.PostAsync("/api/runner/provision", """{"sessionId":"composed"}""").JsonAsync(201);
        Assert.StartsWith("http://localhost:", lease.Text("endpoint"), StringComparison.Ordinal);

        var result = await composition.Api.PostAsync("/api/runner/composed/exec", """{"command":["bash","-c","echo $((6*7))"]}""").JsonAsync(200);

        Assert.Equal("42\n", result.Text("stdout"));
    }

    [Fact]
    public async Task Tasks_HandedIn_AreDoneBySeveralWorkersAndNotByTheApi()
    {
        var hands = new HashSet<string>();
        var api = "";

        // One worker may take all of a handful.
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var task in await Task.WhenAll(Enumerable.Range(0, 20).Select(n => composition.SubmitAsync($$$"""{"type":"fibonacci","input":{"n":{{{n}}}}}"""))))
                {
                    var status = await composition.EndOfAsync(task);
                    Assert.Equal("complete", status.Text("status"));
                    api = status.Text("initiated_by");
                    hands.Add(status.Text("handled_by"));
                }

                return hands.Count >= Composition.Workers;
            },
            Limit, "The work of every worker");

        Assert.DoesNotContain(api, hands);
    }

    [Fact]
    public async Task Drain_PressedOnTheDashboard_ReplacesTheIdleRunners()
    {
        await Eventually.TrueAsync(async () => (await IdleAsync()).Count > 0, Limit, "An idle runner");
        var before = await IdleAsync();

        var result = await composition.App.App.ResourceCommands.ExecuteCommandAsync(Composition.Names.Api, "drain", Stop);

        Assert.True(result.Success, result.Message);
        await Eventually.TrueAsync(async () => !(await IdleAsync()).Overlaps(before), Limit, "The end of those that were idle");
        await Eventually.TrueAsync(async () => (await IdleAsync()).Count > 0, Limit, "A fresh idle runner");
    }

    [Fact]
    public async Task Task_Run_LeasesItsRunnerFromTheApi()
    {
        var task = await composition.SubmitAsync("""{"type":"run","input":{"command":["bash","-c","echo from a worker"]}}""");

        var status = await composition.EndOfAsync(task);

        Assert.Equal("complete", status.Text("status"));
        Assert.Equal("from a worker\n", status["result"]!.Text("stdout"));
    }

    [Fact]
    public async Task Trace_OfATask_SpansApiQueueWorkerAndCallback()
    {
        var path = $"trace-{Guid.NewGuid():N}";
        var task = await composition.SubmitAsync($$"""{"type":"add","input":{"a":20,"b":22},"callback_url":"{{composition.CallbackUrl(path)}}"}""");
        await composition.EndOfAsync(task);
        (string Path, string Body, DateTime At, string? TraceParent) call = default;
        await Eventually.TrueAsync(() => (call = composition.Callbacks.Calls.FirstOrDefault(one => one.Path == $"/{path}")).Path is not null, Limit, "The callback");
        var trace = call.TraceParent!.Split('-')[1];

        var spans = new Dictionary<string, (string Service, string Name, string? Parent)>();
        await Eventually.TrueAsync(async () => (spans = await composition.App.SpansAsync(trace)).Count >= 4, Limit, "The trace on the dashboard");

        var request = Assert.Single(spans, span => span.Value is { Service: "orchestrator-api", Parent: null });
        var work = Assert.Single(spans, span => span.Value.Name == "task add");
        Assert.Equal("orchestrator-worker", work.Value.Service);
        Assert.Equal(request.Key, work.Value.Parent);
        var callback = Assert.Single(spans, span => span.Value.Name == "callback");
        Assert.Equal("orchestrator-worker", callback.Value.Service);
        // The request that the callback's receiver saw is the last of them.
        var post = Assert.Single(spans, span => span.Value.Parent == callback.Key);
        Assert.Equal(post.Key, call.TraceParent.Split('-')[2]);
    }

    [Fact]
    public async Task Logs_OfATask_CarryItsTrace()
    {
        var path = $"log-{Guid.NewGuid():N}";
        var task = await composition.SubmitAsync($$"""{"type":"add","input":{"a":1,"b":1},"callback_url":"{{composition.CallbackUrl(path)}}"}""");
        await composition.EndOfAsync(task);
        string? parent = null;
        await Eventually.TrueAsync(() => (parent = composition.Callbacks.Calls.FirstOrDefault(one => one.Path == $"/{path}").TraceParent) is not null, Limit, "The callback");
        var trace = parent!.Split('-')[1];

        // On the console, and on the dashboard.
        await Eventually.TrueAsync(
            async () => (await composition.App.ConsoleOfAsync(Composition.Names.Worker)).Contains($"trace={trace}", StringComparison.Ordinal), Limit, "The line on the console");
        await Eventually.TrueAsync(
            async () => (await composition.App.LogsAsync(trace)).Any(record =>
                record["traceId"]?.GetValue<string>() == trace && record["body"]!.ToJsonString().Contains(task, StringComparison.Ordinal)),
            Limit, "The log record on the dashboard");
    }

    [Theory]
    [InlineData("""orchestrator_runners{state="idle",template="session"}""")]
    [InlineData("""orchestrator_runners{state="leased",template="machine"}""")]
    [InlineData("""orchestrator_provision_duration_seconds_count{path="warm"} > 0""")]
    [InlineData("""orchestrator_provision_duration_seconds_count{path="cold"} > 0""")]
    [InlineData("""orchestrator_leases_expired_total{template="session"} > 0""")]
    [InlineData("""orchestrator_reconcile_duration_seconds_count > 0""")]
    [InlineData("""orchestrator_queue_depth{type="add",state="complete"} > 0""")]
    [InlineData("""orchestrator_queue_depth{type="run",state="failed"} > 0""")]
    [InlineData("""orchestrator_task_duration_seconds_count{type="fibonacci",outcome="complete"} > 0""")]
    [InlineData("""orchestrator_task_duration_seconds_count{type="run",outcome="retry"} > 0""")]
    [InlineData("""orchestrator_task_wait_seconds_count{type="add"} > 0""")]
    [InlineData("""orchestrator_callbacks_total{outcome="delivered"} > 0""")]
    [InlineData("""orchestrator_last_sweep_timestamp_seconds > 0""")]
    [InlineData("""orchestrator_sweep_interval_seconds == 2""")]
    [InlineData("""orchestrator_pool_min_idle{template="machine"} == 1""")]
    [InlineData("""orchestrator_start_failures_total{template="session"}""")]
    [InlineData("""orchestrator_provision_failures_total{reason="capacity"}""")]
    [InlineData("""orchestrator_telemetry_dropped_total{signal="traces"}""")]
    [InlineData("miner_hash_rate")]
    [InlineData("miner_cpu_usage")]
    [InlineData("miner_memory_usage > 1")]
    [InlineData("miner_shares_submitted > 1")]
    [InlineData("miner_valid_shares > 0")]
    [InlineData("miner_invalid_shares > 0")]
    [InlineData("mining_round >= 7")]
    [InlineData("http_server_request_duration_seconds_count{job=\"orchestrator-api\",http_route=\"/task\"} > 0")]
    [InlineData("dotnet_process_cpu_time_seconds_total{job=\"orchestrator-worker\"} > 0")]
    [InlineData("count(count by (service_instance_id) (target_info{job=\"orchestrator-worker\"})) == 2")]
    [InlineData("sum(up{job=~\"orchestrator-.*\"}) == 3")]
    public async Task Metric_ByItsName_IsInPrometheus(string query) =>
        await Eventually.TrueAsync(async () => (await composition.QueryAsync(query)).Count > 0, Limit, query);

    [Fact]
    public async Task Rules_OfTheRepository_AreLoadedAndEvaluated()
    {
        await Eventually.TrueAsync(async () => (await composition.QueryAsync("orchestrator:queue_depth:max")).Count > 0, Limit, "A recorded value");
        using var client = composition.App.App.CreateHttpClient(Composition.Names.Prometheus);

        var groups = JsonElement.Parse(await client.GetStringAsync("/api/v1/rules", Stop)).GetProperty("data").GetProperty("groups").EnumerateArray();

        var rules = groups.SelectMany(group => group.GetProperty("rules").EnumerateArray()).ToList();
        Assert.Contains(rules, rule => rule.GetProperty("name").GetString() == "InstanceDown");
        await Eventually.TrueAsync(
            async () => JsonElement.Parse(await client.GetStringAsync("/api/v1/rules", Stop)).GetProperty("data").GetProperty("groups").EnumerateArray()
                .SelectMany(group => group.GetProperty("rules").EnumerateArray()).All(rule => rule.GetProperty("health").GetString() == "ok"),
            Limit, "Every rule's health");
    }

    private async Task<HashSet<string>> IdleAsync() =>
    [
        .. (await composition.Api.SendAsync(HttpMethod.Get, "/api/runner").JsonAsync(200))["runners"]!.AsArray()
            .Where(runner => runner!.Text("state") == "idle").Select(runner => runner!.Text("id")),
    ];
}
