using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>The Aspire application, with every part of it real.</summary>
public sealed class AspireTests(AspireFixture aspire) : IClassFixture<AspireFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Parts_OfTheSystem_AreAllThere()
    {
        var model = aspire.App.Services.GetRequiredService<DistributedApplicationModel>();

        Assert.All(AspireFixture.Healthy, name => Assert.Contains(model.Resources, resource => resource.Name == name));
        var mounts = model.Resources.OfType<ContainerResource>().SelectMany(container => container.Annotations.OfType<ContainerMountAnnotation>()).ToList();
        Assert.NotEmpty(mounts);
        Assert.All(mounts.Where(mount => mount.Type == ContainerMountType.BindMount), mount => Assert.True(mount.IsReadOnly));
    }

    [Fact]
    public async Task Session_Provisioned_RunsACommand()
    {
        await aspire.Api.PostAsync("/api/runner/provision", """{"sessionId":"composed"}""").JsonAsync(201);

        var result = await aspire.Api.PostAsync("/api/runner/composed/exec", """{"command":["bash","-c","echo $((6*7))"]}""").JsonAsync(200);

        Assert.Equal("42\n", result.Text("stdout"));
    }

    [Fact]
    public async Task Task_HandedIn_IsDoneByASeparateWorker()
    {
        var accepted = await aspire.Api.PostAsync("/task", """{"type":"fibonacci","input":{"n":10}}""").JsonAsync(202);
        var (task, api) = (accepted.Text("task_id"), accepted.Text("initiated_by"));

        await Eventually.TrueAsync(
            async () => (await aspire.Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") == "complete", Limit, "The task's end");

        var status = await aspire.Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200);
        Assert.NotEqual(api, status.Text("handled_by"));
    }

    [Theory]
    [InlineData("""orchestrator_runners{job="orchestrator-api"}""")]
    [InlineData("""miner_hash_rate{job="orchestrator-worker"}""")]
    [InlineData("orchestrator:queue_depth:max")]
    public async Task Metric_Pushed_IsInPrometheus(string query)
    {
        using var prometheus = aspire.App.CreateHttpClient(Composition.Names.Prometheus);

        await Eventually.TrueAsync(
            async () => JsonElement.Parse(await prometheus.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), Stop))
                .GetProperty("data").GetProperty("result").GetArrayLength() > 0,
            Limit, query);
    }

    [Fact]
    public async Task Grafana_Provisioned_ShowsTheDashboardsToEverybody()
    {
        using var grafana = aspire.App.CreateHttpClient(Composition.Names.Grafana);

        Assert.All(GrafanaFiles.Dashboards, one => Assert.NotNull(one.Dashboard.GetProperty("uid").GetString()));
        foreach (var one in GrafanaFiles.Dashboards)
        {
            Assert.Contains("orchestrator", await grafana.GetStringAsync(new Uri($"/api/dashboards/uid/{one.Dashboard.GetProperty("uid").GetString()}", UriKind.Relative), Stop), StringComparison.Ordinal);
        }
    }
}
