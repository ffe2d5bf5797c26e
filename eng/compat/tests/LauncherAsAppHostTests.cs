using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What <c>dotnet run --project Orchestrator.AppHost</c> is in the compat flavour, which alone builds this.</summary>
public sealed class LauncherAsAppHostTests
{
    [Fact]
    public async Task AppHost_Started_IsTheLauncherOfTheWholeComposition()
    {
        await using var run = await LauncherRun.StartProgramAsync(
            Path.Combine(Repository.Root, "Orchestrator.AppHost"), "Orchestrator.AppHost",
            $"--Runners:Instance=apphost-{Guid.NewGuid():N}"[..30], "--Runners:MinIdle=0", "--Machines:MinIdle=0");
        using var api = run.Client("api");
        var task = (await api.PostAsync("/task", """{"type":"add","input":{"a":1,"b":2}}""").JsonAsync(202)).Text("task_id");

        await Eventually.TrueAsync(
            async () => (await api.SendAsync(HttpMethod.Get, $"/tasks/{task}/status").JsonAsync(200)).Text("status") == "complete", null, "The task's end");

        Assert.All((string[])["redis", "worker-1", "worker-2", "prometheus", "dashboard"], part => Assert.NotNull(run.AddressOf(part)));
        var (code, left) = await run.StopAsync();
        Assert.Equal(0, code);
        Assert.Empty(left);
    }
}
