using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Many callers at once.</summary>
[Collection(OnTheEngine.Name)]
public sealed class CrowdTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("one-session-many-calls", "load", "twenty provisions of one session at once", "one container, one answer for all")]
    public async Task Provision_OneSessionTwentyTimesAtOnce_OneContainer()
    {
        await using var server = await ApiServer.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var answer = await server.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"crowd"}""");
            return ((int)answer.StatusCode, await Task.FromResult(answer).JsonAsync((int)answer.StatusCode));
        }));

        Assert.Equal([.. Enumerable.Repeat(200, 19), 201], answers.Select(answer => answer.Item1).Order());
        Assert.Single(answers.Select(answer => answer.Item2.Text("endpoint")).Distinct());
        Assert.Single(answers.Select(answer => answer.Item2.Text("runnerId")).Distinct());
        Assert.Single(await server.Containers.ListAsync());
    }

    [Fact]
    public async Task Provision_FiftySessionsAtOnce_FiftyRunnersThatAllAnswer()
    {
        await using var server = await ApiServer.StartAsync("--INACTIVITY_TIMEOUT_SECONDS=300");

        var runners = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ProvisionPatientlyAsync(server, $"session-{i}")));

        Assert.Equal(50, runners.Select(runner => runner.Text("endpoint")).Distinct().Count());
        Assert.Equal(50, runners.Select(runner => runner.Text("runnerId")).Distinct().Count());
        await Task.WhenAll(runners.Select(runner => LiveCalls.AnswersHttpAsync(runner.Text("endpoint"))));
        var containers = await server.Containers.ListAsync();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"session-{i}").Order(), containers.Select(c => c.Session()).Order());
        Assert.All(containers, container => Assert.Equal("running", container.State));
    }

    // As a client does: a machine that is too slow for the whole crowd answers the last ones 503.
    private static async Task<JsonNode> ProvisionPatientlyAsync(ApiServer server, string session)
    {
        while (true)
        {
            using var answer = await server.Sessions.PostAsync("/api/runner/provision", $$"""{"sessionId":"{{session}}"}""");
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return await Task.FromResult(answer).JsonAsync(201);
            }

            Assert.NotNull(answer.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task Assign_SixProjectsAtOnceOnAPoolOfTwo_SixMachinesOnSixPorts()
    {
        await using var server = await ApiServer.StartAsync("--Machines:MinIdle=2");
        await Eventually.TrueAsync(
            async () => (await server.RunnersAsync()).Count(runner => runner.State == "idle") == 2, TimeSpan.FromSeconds(60), "A pool of two");

        var machines = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => server.Machines.GetAsync($"/project-{i}", Cancel).JsonAsync(200)));

        var ports = machines.Select(machine => machine["port"]!.GetValue<int>()).ToList();
        Assert.Equal(6, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, server.FirstMachinePort, server.FirstMachinePort + 9));
        Assert.Equal(6, machines.Select(machine => machine.Text("containerId")).Distinct().Count());
        await Task.WhenAll(machines.Select(machine => LiveCalls.AnswersHttpAsync(machine.Text("url"))));
    }
}
