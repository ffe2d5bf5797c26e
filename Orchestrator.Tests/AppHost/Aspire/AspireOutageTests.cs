using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>Redis, killed under the Aspire application and started again from its dashboard.</summary>
[Collection(OnAspire.Name)]
public sealed class AspireOutageTests(AspireFixture aspire)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_KilledAndStartedAgain_IsTakenUpByTheSameProcessesWithWhatItKnew()
    {
        using var pod = aspire.App.App.CreateHttpClient(Composition.Names.Worker, "pod");
        await aspire.Api.PostAsync("/api/runner/provision", """{"sessionId":"outlasting"}""").JsonAsync(201);
        var task = (await aspire.Api.PostAsync("/task", """{"type":"add","input":{"a":1,"b":2}}""").JsonAsync(202)).Text("task_id");
        var processes = Processes();
        Assert.Equal(1 + Composition.Workers, processes.Distinct().Count());

        await aspire.App.Containers.KillAsync(aspire.App.PropertyOf(Composition.Names.Redis, "container.id").Single());

        await aspire.App.App.ResourceNotifications.WaitForResourceAsync(Composition.Names.Redis, KnownResourceStates.TerminalStates, Stop).WaitAsync(Limit, Stop);
        await aspire.Api.PostAsync("/api/runner/provision", """{"sessionId":"alone"}""").FailsAsync(503, "STORE_UNAVAILABLE");
        foreach (var service in (HttpClient[])[aspire.Api, pod])
        {
            Assert.Equal("alive", await service.GetStringAsync(new Uri("/alive", UriKind.Relative), Stop));
        }

        var started = await aspire.App.App.ResourceCommands.ExecuteCommandAsync(Composition.Names.Redis, KnownResourceCommands.StartCommand, Stop);

        Assert.True(started.Success, started.Message);
        await Eventually.TrueAsync(async () => await IsReadyAsync(aspire.Api) && await IsReadyAsync(pod), Limit, "The readiness of API and worker");
        // Written down before they were answered.
        await aspire.Api.PostAsync("/api/runner/heartbeat", """{"sessionId":"outlasting"}""").JsonAsync(200);
        await DoneAsync(task);
        await DoneAsync((await aspire.Api.PostAsync("/task", """{"type":"add","input":{"a":3,"b":4}}""").JsonAsync(202)).Text("task_id"));
        Assert.Equal(processes, Processes());
    }

    /// <summary>The ids of the processes of API and workers.</summary>
    private string[] Processes() =>
        [.. aspire.App.PropertyOf(Composition.Names.Api, "executable.pid"), .. aspire.App.PropertyOf(Composition.Names.Worker, "executable.pid")];

    private static async Task<bool> IsReadyAsync(HttpClient service)
    {
        using var answer = await service.GetAsync(new Uri("/ready", UriKind.Relative), Stop);
        return answer.IsSuccessStatusCode;
    }

    private Task DoneAsync(string task) => Eventually.TrueAsync(
        async () => (await aspire.Api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") == "complete", Limit, "The task's end");
}
