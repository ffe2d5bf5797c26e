using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Worker.Runners;

namespace Orchestrator.Tests.Tasks;

/// <summary>What a worker makes of an API that comes and goes.</summary>
public sealed class RemoteTaskRunnersTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ApiIsBackAfterAMoment_RunsTheCommandOnce()
    {
        await using var api = await StartAsync(call => call <= 2 ? 503 : 200);

        var output = await RunAsync(api);

        Assert.Equal("hello\n", output.Stdout);
        Assert.Equal(
            ["/api/runner/provision", "/api/runner/provision", "/api/runner/provision", "/api/runner/leased/exec", "/api/runner/deprovision"],
            api.Calls.Select(call => call.Path));
        // One session throughout: a call whose answer was lost made its runner, and gets it again.
        Assert.Single(api.Calls.Where(call => call.Path.EndsWith("provision", StringComparison.Ordinal)).Select(call => call.Body).Distinct());
    }

    [Fact]
    public async Task Run_CommandBrokenOff_IsNotRepeatedHere()
    {
        await using var api = await StartAsync(call => call == 2 ? 503 : 200);

        var failed = await Assert.ThrowsAsync<TaskFailedException>(() => RunAsync(api));

        Assert.True(failed.Retry);
        Assert.Equal(["/api/runner/provision", "/api/runner/leased/exec", "/api/runner/deprovision"], api.Calls.Select(call => call.Path));
    }

    [Fact]
    public async Task Run_ApiRefuses_IsNotRepeatedHere()
    {
        await using var api = await StartAsync(_ => 400);

        await Assert.ThrowsAsync<TaskFailedException>(() => RunAsync(api));

        Assert.Equal(["/api/runner/provision", "/api/runner/deprovision"], api.Calls.Select(call => call.Path));
    }

    private static async Task<CallbackServer> StartAsync(Func<int, int> status)
    {
        var api = await CallbackServer.StartAsync();
        api.Status = status;
        api.Answer = path => path.EndsWith("/exec", StringComparison.Ordinal)
            ? """{"exitCode":0,"stdout":"hello\n","stderr":"","durationMs":1,"timedOut":false,"truncated":false}"""
            : """{"sessionId":"leased"}""";
        return api;
    }

    private static async Task<TaskRunOutput> RunAsync(CallbackServer api)
    {
        using var runners = new RemoteTaskRunners(
            new RemoteRunnersOptions { ApiUrl = $"http://127.0.0.1:{api.Port}" }, TimeProvider.System, NullLogger<RemoteTaskRunners>.Instance);
        return await runners.RunAsync(Tenant.Default, "one", new ExecRequest(["echo", "hello"], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(10)), Stop);
    }
}
