using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Orchestrator.Tests.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Deploy;

/// <summary>The composition as <c>deploy/compose.yaml</c> runs it, from real pulls.</summary>
public sealed class ComposeTests(ComposeFixture compose) : IClassFixture<ComposeFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Services_BroughtUp_GetHealthy()
    {
        foreach (var (service, count) in ((string, int)[])[("redis", 1), ("api", 1), ("worker", 2), ("prometheus", 1)])
        {
            await HealthyAsync(service, count);
        }

        Assert.Empty(await compose.ContainersOfAsync("grafana"));
    }

    [Fact]
    public async Task Session_Provisioned_RunsACommandInAContainer()
    {
        await HealthyAsync("api", 1);
        var runner = (await compose.Api.PostAsync("/api/runner/provision", """{"sessionId":"composed"}""").JsonAsync(201)).Text("runnerId");

        var result = await compose.Api.PostAsync("/api/runner/composed/exec", """{"command":["bash","-c","echo $((6*7))"]}""").JsonAsync(200);

        Assert.Equal("42\n", result.Text("stdout"));
        Assert.Contains(await compose.Runners.ListAsync(), container => container.Names.Any(name => name.Contains(runner, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Task_Run_IsDoneByAWorkerInARunnerOfTheApi()
    {
        await HealthyAsync("worker", 2);

        var task = (await compose.Api.PostAsync("/task", """{"type":"run","input":{"command":["bash","-c","echo from a worker"]}}""").JsonAsync(202)).Text("task_id");

        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (status = await compose.Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") is not ("pending" or "running"),
            Limit, "The task's end");
        Assert.Equal(("complete", "from a worker\n"), (status!.Text("status"), status!["result"]!.Text("stdout")));
    }

    [Fact]
    public async Task Call_WithoutKey_IsRefused()
    {
        await HealthyAsync("api", 1);

        using var answer = await compose.Stranger.GetAsync(new Uri("/api/runner", UriKind.Relative), Stop);

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Worker_Killed_IsStartedAgain()
    {
        await HealthyAsync("worker", 2);
        var worker = (await compose.ContainersOfAsync("worker"))[0];
        var before = await InspectAsync(worker);

        // As when it dies by itself: the engine does not start again what it was asked to kill.
        OwnProcesses.Kill((int)before.State!.Pid);

        await Eventually.TrueAsync(
            async () => await InspectAsync(worker) is { State: { Running: true, Pid: var pid } } && pid != before.State!.Pid, Limit, "Another process of the worker");
    }

    private Task<ContainerInspectResponse> InspectAsync(string id) => compose.Runners.Client.Containers.InspectContainerAsync(id, Stop);

    private Task HealthyAsync(string service, int count) => Eventually.TrueAsync(
        async () =>
        {
            var containers = await Task.WhenAll((await compose.ContainersOfAsync(service)).Select(InspectAsync));
            return containers.Length == count && containers.All(container => container.State!.Health?.Status == "healthy");
        },
        Limit, $"The health of {service}");
}
