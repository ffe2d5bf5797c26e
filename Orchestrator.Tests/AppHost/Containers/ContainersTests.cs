using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.AppHost;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>The application with containers for its parts and runners.</summary>
[Collection(OnContainers.Name)]
public sealed class ContainersTests(ContainersFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Parts_OfTheSystem_AreAllThere()
    {
        var resources = fixture.Containers.App.App.Services.GetRequiredService<DistributedApplicationModel>().Resources;

        string[] wanted = [Composition.Names.Redis, Composition.Names.Prometheus, Composition.Names.Api, Composition.Names.Worker];
        Assert.All(wanted, name => Assert.Contains(name, fixture.Containers.App.Healthy));
        Assert.Equal(fixture.Containers.StandIns.WithoutGrafana is null, fixture.Containers.App.Healthy.Contains(Composition.Names.Grafana));
        var image = Assert.IsType<ExecutableResource>(resources.First(resource => resource.Name == Composition.Names.RunnerImage));
        Assert.True(File.Exists(Path.Combine(image.WorkingDirectory, image.Command)));
        var mounts = resources.OfType<ContainerResource>().SelectMany(container => container.Annotations.OfType<ContainerMountAnnotation>()).ToList();
        Assert.Contains(mounts, mount => mount.Type == ContainerMountType.BindMount);
        Assert.All(mounts.Where(mount => mount.Type == ContainerMountType.BindMount), mount => Assert.True(mount.IsReadOnly));
    }

    [Fact]
    public async Task Session_Provisioned_RunsACommand()
    {
        var runner = (await fixture.Api.PostAsync("/api/runner/provision", """{"sessionId":"composed"}""").JsonAsync(201)).Text("runnerId");

        var result = await fixture.Api.PostAsync("/api/runner/composed/exec", """{"command":["bash","-c","echo $((6*7))"]}""").JsonAsync(200);

        Assert.Equal("42\n", result.Text("stdout"));
        Assert.Contains(await fixture.Containers.Runners.ListAsync(), container => container.Labels[DockerLabels.Runner] == runner);
    }

    [Fact]
    public async Task Rules_OfPrometheus_AreLoadedAndHealthy()
    {
        using var prometheus = fixture.Containers.App.App.CreateHttpClient(Composition.Names.Prometheus);

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
        Assert.SkipWhen(fixture.Containers.StandIns.WithoutOtlp is not null, fixture.Containers.StandIns.WithoutOtlp ?? "");
        using var prometheus = fixture.Containers.App.App.CreateHttpClient(Composition.Names.Prometheus);

        await Eventually.TrueAsync(
            async () => JsonElement.Parse(await prometheus.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), Stop))
                .GetProperty("data").GetProperty("result").GetArrayLength() > 0,
            Limit, query);
    }

    [Fact]
    public async Task Grafana_Provisioned_ShowsTheDashboardsToEverybody()
    {
        Assert.SkipWhen(fixture.Containers.StandIns.WithoutGrafana is not null, fixture.Containers.StandIns.WithoutGrafana ?? "");
        using var grafana = fixture.Containers.App.App.CreateHttpClient(Composition.Names.Grafana);

        foreach (var one in GrafanaFiles.Dashboards)
        {
            var uid = one.Dashboard.GetProperty("uid").GetString();
            Assert.Contains("orchestrator", await grafana.GetStringAsync(new Uri($"/api/dashboards/uid/{uid}", UriKind.Relative), Stop), StringComparison.Ordinal);
        }
    }
}
