using System.Text.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.AppHost;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>The Aspire application, with every part of it real.</summary>
[Collection(OnAspire.Name)]
public sealed class AspireTests(AspireFixture aspire)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Parts_OfTheSystem_AreAllThere()
    {
        var resources = aspire.App.App.Services.GetRequiredService<DistributedApplicationModel>().Resources;

        string[] wanted = [Composition.Names.Redis, Composition.Names.Prometheus, Composition.Names.Api, Composition.Names.Worker];
        Assert.All(wanted, name => Assert.Contains(name, aspire.App.Healthy));
        Assert.Equal(aspire.App.StandIns.WithoutGrafana is null, aspire.App.Healthy.Contains(Composition.Names.Grafana));
        var image = Assert.IsType<ExecutableResource>(resources.First(resource => resource.Name == Composition.Names.RunnerImage));
        Assert.True(File.Exists(Path.Combine(image.WorkingDirectory, image.Command)));
        var mounts = resources.OfType<ContainerResource>().SelectMany(container => container.Annotations.OfType<ContainerMountAnnotation>()).ToList();
        Assert.Contains(mounts, mount => mount.Type == ContainerMountType.BindMount);
        Assert.All(mounts.Where(mount => mount.Type == ContainerMountType.BindMount), mount => Assert.True(mount.IsReadOnly));
    }

    [Fact]
    public async Task Workers_AllOfThem_AreHealthy() => await Eventually.TrueAsync(
        () => aspire.App.ReplicasOf(Composition.Names.Worker).Count(worker => worker.HealthStatus == HealthStatus.Healthy) == Composition.Workers, Limit, "Every worker's health");

    [Fact]
    public async Task Session_Provisioned_RunsACommand()
    {
        var runner = (await aspire.Api.PostAsync("/api/runner/provision", """{"sessionId":"composed"}""").JsonAsync(201)).Text("runnerId");

        var result = await aspire.Api.PostAsync("/api/runner/composed/exec", """{"command":["bash","-c","echo $((6*7))"]}""").JsonAsync(200);

        Assert.Equal("42\n", result.Text("stdout"));
        Assert.Contains(await aspire.App.Containers.ListAsync(), container => container.Labels[DockerLabels.Runner] == runner);
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
                var tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => SubmitAsync($$$"""{"type":"fibonacci","input":{"n":{{{n}}}}}""")));
                api = tasks[0].Api;
                foreach (var (task, _) in tasks)
                {
                    hands.Add((await EndOfAsync(task)).Text("handled_by"));
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

        var result = await aspire.App.App.ResourceCommands.ExecuteCommandAsync(Composition.Names.Api, "drain", Stop);

        Assert.True(result.Success, result.Message);
        await Eventually.TrueAsync(async () => !(await IdleAsync()).Overlaps(before), Limit, "The end of those that were idle");
        await Eventually.TrueAsync(async () => (await IdleAsync()).Count > 0, Limit, "A fresh idle runner");
    }

    [Fact]
    public async Task Rules_OfPrometheus_AreLoadedAndHealthy()
    {
        using var prometheus = aspire.App.App.CreateHttpClient(Composition.Names.Prometheus);

        await Eventually.TrueAsync(
            async () =>
            {
                var rules = JsonElement.Parse(await prometheus.GetStringAsync(new Uri("/api/v1/rules", UriKind.Relative), Stop))
                    .GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()).ToList();
                return rules.Count > 0 && rules.TrueForAll(rule => rule.GetProperty("health").GetString() == "ok");
            },
            Limit, "Every rule's health");
    }

    [Theory]
    [InlineData("""orchestrator_runners{job="orchestrator-api"}""")]
    [InlineData("""miner_hash_rate{job="orchestrator-worker"}""")]
    [InlineData("orchestrator:queue_depth:max")]
    public async Task Metric_Pushed_IsInPrometheus(string query)
    {
        Assert.SkipWhen(aspire.App.StandIns.WithoutOtlp is not null, aspire.App.StandIns.WithoutOtlp ?? "");
        using var prometheus = aspire.App.App.CreateHttpClient(Composition.Names.Prometheus);

        await Eventually.TrueAsync(
            async () => JsonElement.Parse(await prometheus.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), Stop))
                .GetProperty("data").GetProperty("result").GetArrayLength() > 0,
            Limit, query);
    }

    [Fact]
    public async Task Grafana_Provisioned_ShowsTheDashboardsToEverybody()
    {
        Assert.SkipWhen(aspire.App.StandIns.WithoutGrafana is not null, aspire.App.StandIns.WithoutGrafana ?? "");
        using var grafana = aspire.App.App.CreateHttpClient(Composition.Names.Grafana);

        foreach (var one in GrafanaFiles.Dashboards)
        {
            var uid = one.Dashboard.GetProperty("uid").GetString();
            Assert.Contains("orchestrator", await grafana.GetStringAsync(new Uri($"/api/dashboards/uid/{uid}", UriKind.Relative), Stop), StringComparison.Ordinal);
        }
    }

    private async Task<(string Task, string Api)> SubmitAsync(string body)
    {
        var accepted = await aspire.Api.PostAsync("/task", body).JsonAsync(202);
        return (accepted.Text("task_id"), accepted.Text("initiated_by"));
    }

    private async Task<JsonNode> EndOfAsync(string task)
    {
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (status = await aspire.Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") == "complete", Limit, "The task's end");
        return status!;
    }

    private async Task<HashSet<string>> IdleAsync() =>
    [
        .. (await aspire.Api.SendAsync(HttpMethod.Get, "/api/runner").JsonAsync(200))["runners"]!.AsArray()
            .Where(runner => runner!.Text("state") == "idle").Select(runner => runner!.Text("id")),
    ];
}
