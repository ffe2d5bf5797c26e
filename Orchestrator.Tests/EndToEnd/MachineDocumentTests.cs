using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>The examples of docs/contract/worker-machines.md, literally, on the live server.</summary>
[Collection(OnTheEngine.Name)]
public sealed class MachineDocumentTests
{
    private const string Project = "cmj7fop3s0002tt2w50m0rvex";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machine_FromAssignmentToDestruction_IsAsTheDocumentSays()
    {
        await using var server = await ApiServer.StartAsync("--Machines:MinIdle=1");

        var machine = await server.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200);
        var port = machine["port"]!.GetValue<int>();
        Assert.Equal("localhost", machine.Text("ip"));
        Assert.InRange(port, server.FirstMachinePort, server.FirstMachinePort + 1);
        Assert.Equal($"http://localhost:{port}", machine.Text("url"));
        Assert.Matches("^worker-[0-9]{13}-[a-z0-9]{6,9}$", machine.Text("containerId"));
        await LiveCalls.AnswersHttpAsync(machine.Text("url"));
        Assert.Equal(machine.ToJsonString(), (await server.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200)).ToJsonString());

        await HealthyAsync(server, """{"status":"ok","docker":"connected","machines":{"total":2,"idle":1,"used":1}}""");
        var list = (await server.Machines.GetAsync("/machines/list", Cancel).JsonAsync(200))["machines"]!.AsArray();
        Assert.Equal(2, list.Count);
        Assert.All(list, entry => Assert.Equal(
            ["id", "containerId", "ip", "port", "isUsed", "assignedProject", "url"], entry!.AsObject().Select(field => field.Key)));
        var used = list.Single(entry => entry!["isUsed"]!.GetValue<bool>())!;
        Assert.Equal((machine.Text("containerId"), Project, machine.Text("url")), (used.Text("id"), used.Text("assignedProject"), used.Text("url")));
        Assert.Null(list.Single(entry => !entry!["isUsed"]!.GetValue<bool>())!["assignedProject"]);
        var container = (await server.Containers.ListAsync()).Single(c => c.ID.StartsWith(used.Text("containerId"), StringComparison.Ordinal));
        Assert.Equal(container.NetworkSettings!.Networks.Values.Single().IPAddress, used.Text("ip"));

        await server.Machines.DeleteAsync($"/{Project}", Cancel).AnswersAsync(200, $$"""{"message":"Machine {{Project}} released"}""");
        await HealthyAsync(server, """{"status":"ok","docker":"connected","machines":{"total":2,"idle":2,"used":0}}""");
        await server.Machines.DeleteAsync($"/{Project}", Cancel).AnswersAsync(404, """{"error":"Machine not found"}""");

        var id = machine.Text("containerId");
        await server.Machines.PostAsync("/destroy", $$"""{"containerId":"{{id}}"}""")
            .AnswersAsync(200, $$"""{"message":"Container {{id}} destroyed successfully"}""");
        Assert.DoesNotContain(await server.Containers.ListAsync(), c => c.ID == container.ID);
        await server.Machines.PostAsync("/destroy", $$"""{"containerId":"{{id}}"}""").AnswersAsync(404, """{"error":"Machine not found"}""");
        await server.Machines.PostAsync("/destroy", "{}").AnswersAsync(400, """{"error":"containerId is required"}""");
    }

    private static Task HealthyAsync(ApiServer server, string expected) => Eventually.TrueAsync(
        async () => (await server.Machines.GetAsync("/health", Cancel).JsonAsync(200)).ToJsonString() == expected, what: expected);
}
