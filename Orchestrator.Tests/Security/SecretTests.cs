using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.ServiceDefaults;

namespace Orchestrator.Tests.Security;

/// <summary>
/// Tokens and keys never appear in logs, traces, lists or errors (docs/contract/contract.md, Safety), however talkative the log is set.
/// </summary>
[Collection(OnTheEngine.Name)]
public sealed class SecretTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Secrets_FailuresOfEveryKind_AreToldNowhere()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        SecretCalls calls;
        await using (var api = await ApiHost.StartAsync([.. SecretCalls.Settings(collector.Address), "--Logging:Console:LogLevel:Default=None"]))
        {
            calls = new SecretCalls(api.Sessions, api.Machines);
            await calls.LeaseAsync();
            await calls.UseAsync();
            await calls.FailAsync();

            // With details, since this is Development.
            api.Engine.Before = call => call is "start" or "exec" ? throw new InvalidOperationException("sneezed") : Task.CompletedTask;
            await calls.AskAsync(500, api.Sessions, "POST", "/api/runner/provision", """{"sessionId":"s2"}""");
            await calls.AskAsync(500, api.Sessions, "POST", "/api/runner/s1/exec", """{"command":["true"]}""");
            await calls.AskAsync(500, api.Machines, "GET", "/p2");
            api.Engine.Before = null;
            api.Engine.Available = false;
            await calls.AskAsync(503, api.Sessions, "POST", "/api/runner/provision", """{"sessionId":"s3"}""");
            await calls.AskAsync(503, api.Sessions, "POST", "/api/runner/s1/exec", """{"command":["true"]}""");
            await calls.AskAsync(503, api.Machines, "GET", "/p3");
            api.Engine.Available = true;
            await calls.EndAsync();
        }

        var (logs, traces) = (collector.Of("/v1/logs"), collector.Of("/v1/traces"));
        Assert.Contains("sneezed", logs, StringComparison.Ordinal);
        Assert.Contains("runner.start", traces, StringComparison.Ordinal);
        calls.AssertKept(("the log", logs), ("the traces", traces), ("the metrics", collector.Of("/v1/metrics")));
    }

    [Fact]
    public async Task Secrets_OnTheEngine_AreToldNowhere()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var server = await ApiServer.StartAsync(SecretCalls.Settings(collector.Address));
        var calls = new SecretCalls(server.Sessions, server.Machines);
        var runner = await calls.LeaseAsync();
        // The runner has a log of its own, which is among what is looked at next.
        await CallRunnerAsync(runner);
        await calls.UseAsync();
        await calls.FailAsync();
        await server.Containers.KillAsync((await server.Containers.OfSessionAsync("s1")).Single().ID);
        await calls.AskAsync(404, server.Sessions, "POST", "/api/runner/s1/exec", """{"command":["true"]}""");
        await server.StopAsync();

        var said = string.Join('\n', server.Said);
        Assert.Contains(runner.Text("runnerId"), said, StringComparison.Ordinal);
        Assert.Contains("guest.exec", collector.Of("/v1/traces"), StringComparison.Ordinal);
        calls.AssertKept(
            ("what it said", said), ("the log", collector.Of("/v1/logs")), ("the traces", collector.Of("/v1/traces")),
            ("the metrics", collector.Of("/v1/metrics")));
    }

    private static async Task CallRunnerAsync(JsonNode runner)
    {
        using var client = new HttpClient { BaseAddress = new Uri(runner.Text("endpoint")) };
        foreach (var token in (string[])[runner.Text("token"), $"{runner.Text("token")}0"])
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var code = new StringContent("""{"language":"bash","code":"echo hi"}""");
            // Whether its agent is there yet does not matter here.
            using var answer = await client.PostAsync(new Uri("/run", UriKind.Relative), code, Cancel);
        }
    }
}
