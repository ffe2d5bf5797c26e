using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>Parts killed under the services, and the services themselves: a composition of its own.</summary>
public sealed class KilledPartTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_OfEachPart_LeavesTheOthersServingAndServicesStartAgain()
    {
        await using var app = await AspireApp.StartProgramsAsync("--Runners:MinIdle=0", "--Machines:MinIdle=0", "--Runners:InactivityTimeoutSeconds=1800", "--Redis:CallTimeoutSeconds=1");
        using var api = app.App.CreateHttpClient(Composition.Names.Api, "sessions");
        using var pod = app.App.CreateHttpClient(Composition.Names.Worker, "pod");
        await api.PostAsync("/api/runner/provision", """{"sessionId":"outlasting"}""").JsonAsync(201);

        await KilledWorkerIsStartedAgainAsync(app);
        await StoppedWorkerStaysSoAsync(app);

        var services = Services(app);
        var (task, dropped) = (await SubmitAsync(api), await DroppedAsync(api));
        foreach (var part in (string[])[AspireApp.Dashboard, Composition.Names.Prometheus, Composition.Names.Redis])
        {
            OwnProcesses.Kill(Assert.Single(app.ProcessesOf(part)));
            await app.App.ResourceNotifications.WaitForResourceAsync(part, KnownResourceStates.TerminalStates, Stop).WaitAsync(Limit, Stop);
        }

        // What needs the store says so, and waits for it without an end.
        await api.PostAsync("/api/runner/provision", """{"sessionId":"alone"}""").FailsAsync(503, "STORE_UNAVAILABLE");
        await api.PostAsync("/task", """{"type":"add","input":{"a":1,"b":2}}""").FailsAsync(503, "STORE_UNAVAILABLE");
        await Eventually.TrueAsync(async () => await DroppedAsync(api) > dropped, Limit, "The loss of telemetry");
        foreach (var service in (HttpClient[])[api, pod])
        {
            Assert.Equal("alive", await service.GetStringAsync("/alive", Stop));
        }

        var started = await app.App.ResourceCommands.ExecuteCommandAsync(Composition.Names.Redis, KnownResourceCommands.StartCommand, Stop);

        Assert.True(started.Success, started.Message);
        await Eventually.TrueAsync(async () => await IsReadyAsync(api) && await IsReadyAsync(pod), Limit, "The readiness of API and worker");
        // Written down before they were answered.
        await api.PostAsync("/api/runner/heartbeat", """{"sessionId":"outlasting"}""").JsonAsync(200);
        await DoneAsync(api, task);
        await DoneAsync(api, await SubmitAsync(api));
        Assert.Equal(services, Services(app));

        int[] all = [.. services, .. app.ProcessesOf(Composition.Names.Redis)];
        await app.StopAsync();

        Assert.DoesNotContain(all, OwnProcesses.IsAlive);
    }

    private static async Task KilledWorkerIsStartedAgainAsync(AspireApp app)
    {
        await Eventually.TrueAsync(() => app.ProcessesOf(Composition.Names.Worker).Count == Composition.Workers, Limit, "The workers' processes");
        var before = app.ProcessesOf(Composition.Names.Worker);

        OwnProcesses.Kill(before[0]);

        await Eventually.TrueAsync(
            () => app.ProcessesOf(Composition.Names.Worker) is { Count: Composition.Workers } after && after.Contains(before[1]) && !after.Contains(before[0]),
            Limit, "A process in place of the killed one");
    }

    // By hand, on the dashboard; the other one is killed later, and is there again before.
    private static async Task StoppedWorkerStaysSoAsync(AspireApp app)
    {
        var stopped = app.NamesOf(Composition.Names.Worker)[0];
        var logged = app.RestartLog.Count;
        var both = app.ProcessesOf(Composition.Names.Worker);
        await app.App.ResourceCommands.ExecuteCommandAsync(stopped, KnownResourceCommands.StopCommand, Stop);
        await Eventually.TrueAsync(() => both.Count(OwnProcesses.IsAlive) == 1 && HasEnded(app, stopped), Limit, "The end of the stopped worker");
        var killed = both.Single(OwnProcesses.IsAlive);

        OwnProcesses.Kill(killed);

        await Eventually.TrueAsync(() => app.ProcessesOf(Composition.Names.Worker) is [var only] && only != killed, Limit, "A process in place of the killed one alone");
        Assert.True(HasEnded(app, stopped), $"The stopped worker is {app.Replica(stopped).State?.Text}.");
        Assert.DoesNotContain(both, OwnProcesses.IsAlive);
        var restarts = app.RestartLog.Skip(logged).ToList();
        Assert.NotEmpty(restarts);
        Assert.DoesNotContain(restarts, line => line.Contains(stopped, StringComparison.Ordinal));
        await app.App.ResourceCommands.ExecuteCommandAsync(stopped, KnownResourceCommands.StartCommand, Stop);
        await Eventually.TrueAsync(() => app.ProcessesOf(Composition.Names.Worker).Count == Composition.Workers, Limit, "The workers' processes");
    }

    private static bool HasEnded(AspireApp app, string replica) => KnownResourceStates.TerminalStates.Contains(app.Replica(replica).State?.Text ?? "");

    private static int[] Services(AspireApp app) => [.. app.ProcessesOf(Composition.Names.Api), .. app.ProcessesOf(Composition.Names.Worker)];

    private static async Task<string> SubmitAsync(HttpClient api) =>
        (await api.PostAsync("/task", """{"type":"add","input":{"a":1,"b":2}}""").JsonAsync(202)).Text("task_id");

    private static Task DoneAsync(HttpClient api, string task) => Eventually.TrueAsync(
        async () => (await api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") == "complete", Limit, "The task's end");

    private static async Task<bool> IsReadyAsync(HttpClient service)
    {
        using var answer = await service.GetAsync(new Uri("/ready", UriKind.Relative), Stop);
        return answer.IsSuccessStatusCode;
    }

    private static async Task<double> DroppedAsync(HttpClient client) =>
        (await client.GetStringAsync("/metrics", Stop)).Split('\n')
            .Where(line => line.StartsWith("orchestrator_telemetry_dropped_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
}
