using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Machines;

/// <summary>The examples of docs/contract/worker-machines.md and docs/contract/contract.md, section Machines, literally.</summary>
public sealed class MachineTests : IAsyncLifetime
{
    private const string Project = "cmj7fop3s0002tt2w50m0rvex";
    private ApiHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Assign_Project_AnswersItsMachine()
    {
        var answer = await AssignAsync(Project);

        Assert.Equal(["ip", "port", "url", "containerId", "token"], answer.AsObject().Select(field => field.Key));
        Assert.Equal("localhost", answer.Text("ip"));
        Assert.Equal(9093, answer["port"]!.GetValue<int>());
        Assert.Equal("http://localhost:9093", answer.Text("url"));
        Assert.Matches("^worker-[0-9]{13}-[a-z0-9]{6,9}$", answer.Text("containerId"));
    }

    [Fact]
    public async Task Assign_SameProjectAgain_IsSticky() => Assert.Equal((await AssignAsync(Project)).ToJsonString(), (await AssignAsync(Project)).ToJsonString());

    [Fact]
    public async Task Assign_SixProjectsAtOnce_SixMachinesOnSixPorts()
    {
        _host.Engine.ForeignPorts[9094] = true;

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => AssignAsync($"project-{i}")));

        var ports = answers.Select(answer => answer["port"]!.GetValue<int>()).ToList();
        Assert.Equal(6, ports.Distinct().Count());
        Assert.All(ports, port => Assert.True(port >= 9093 && port != 9094));
        Assert.Equal(6, answers.Select(answer => answer.Text("containerId")).Distinct().Count());
    }

    [Fact]
    public async Task Assign_ForeignImage_AnswersWithoutAToken()
    {
        await using var host = await ApiHost.StartAsync("--Machines:Image=yashtech00/worker:v1", "--Machines:Hardening=compatible");

        var answer = await host.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200);

        Assert.Equal(["ip", "port", "url", "containerId"], answer.AsObject().Select(field => field.Key));
    }

    [Fact]
    public async Task Assign_RunnersHost_IsTheIpWithoutItsScheme()
    {
        await using var host = await ApiHost.StartAsync("--RUNNERS_HOST=https://machines.example.com");

        var answer = await host.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200);

        Assert.Equal("machines.example.com", answer.Text("ip"));
        Assert.Equal("https://machines.example.com:9093", answer.Text("url"));
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("image missing")]
    [InlineData("full")]
    public async Task Assign_NoMachineToBeHad_AnswersInTheDocumentsWords(string why)
    {
        await using var host = await ApiHost.StartAsync("--Machines:Max=1", "--PROVISION_WAIT_SECONDS=600");
        if (why == "full")
        {
            await host.Machines.GetAsync("/other", Cancel).JsonAsync(200);
        }
        else if (why == "stopped")
        {
            host.Engine.Stop();
        }
        else
        {
            host.Engine.ImageId = null;
        }

        using var response = await host.Machines.GetAsync($"/{Project}", Cancel);

        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        var answer = await Task.FromResult(response).FailsAsync(503, "Failed to create worker or no machines available");
        Assert.Equal("Please retry in a few seconds", answer.Text("message"));
    }

    [Fact]
    public async Task Assign_AtTheLimit_KnowsWhoHasAMachineAlready()
    {
        await using var host = await ApiHost.StartAsync("--Machines:Max=1");
        await host.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200);

        await host.Machines.GetAsync("/other", Cancel).JsonAsync(503);

        await host.Machines.GetAsync($"/{Project}", Cancel).JsonAsync(200);
        await host.Machines.DeleteAsync($"/{Project}", Cancel).JsonAsync(200);
        await host.Machines.GetAsync("/other", Cancel).JsonAsync(200);
    }

    [Fact]
    public async Task Assign_UnforeseenFailure_AnswersInTheDocumentsWords()
    {
        _host.Engine.Before = call => call == "start" ? throw new InvalidOperationException("sneezed") : Task.CompletedTask;

        await _host.Machines.GetAsync($"/{Project}", Cancel).FailsAsync(500, "Internal server error");
    }

    [Fact]
    public async Task Release_Project_FreesItsMachineForTheNext()
    {
        var machine = await AssignAsync(Project);

        await _host.Machines.DeleteAsync($"/{Project}", Cancel).AnswersAsync(200, $$"""{"message":"Machine {{Project}} released"}""");

        var next = await AssignAsync("next");
        Assert.Equal(machine.Text("containerId"), next.Text("containerId"));
        await _host.Machines.DeleteAsync($"/{Project}", Cancel).AnswersAsync(404, """{"error":"Machine not found"}""");
    }

    [Theory]
    [InlineData("id")]
    [InlineData("short")]
    [InlineData("full")]
    public async Task Release_MachineOrContainerId_Frees(string how)
    {
        var machine = await AssignAsync(Project);
        var id = IdOf(how, machine.Text("containerId"));

        await _host.Machines.DeleteAsync($"/{id}", Cancel).AnswersAsync(200, $$"""{"message":"Machine {{id}} released"}""");

        Assert.False((await ListAsync())[0]!["isUsed"]!.GetValue<bool>());
        // Idle already: it stays so.
        await _host.Machines.DeleteAsync($"/{id}", Cancel).JsonAsync(200);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("short")]
    [InlineData("full")]
    public async Task Destroy_MachineOrContainerId_RemovesIt(string how)
    {
        var machine = await AssignAsync(Project);
        var id = IdOf(how, machine.Text("containerId"));

        await _host.Machines.PostAsync("/destroy", $$"""{"containerId":"{{id}}"}""")
            .AnswersAsync(200, $$"""{"message":"Container {{id}} destroyed successfully"}""");

        Assert.Empty(_host.Engine.Runners);
        Assert.NotEqual(machine.Text("containerId"), (await AssignAsync(Project)).Text("containerId"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"containerId":""}""")]
    [InlineData("""{"containerId":null}""")]
    public async Task Destroy_NoContainerId_Refuses(string? body) =>
        await _host.Machines.PostAsync("/destroy", body).AnswersAsync(400, """{"error":"containerId is required"}""");

    [Theory]
    [InlineData("worker-1234567890-abc123")]
    [InlineData("cmj7fop3s0002tt2w50m0rvex")]
    [InlineData("000000000000")]
    [InlineData("0")]
    public async Task Destroy_UnknownOrAmbiguous_NotFoundAndNothingGoes(string id)
    {
        // A project's id is no container's; two containers of the simulated engine begin with the same twelve zeros.
        await AssignAsync(Project);
        await AssignAsync("second");

        await _host.Machines.PostAsync("/destroy", $$"""{"containerId":"{{id}}"}""").AnswersAsync(404, """{"error":"Machine not found"}""");

        Assert.Equal(2, _host.Engine.Runners.Count);
    }

    [Fact]
    public async Task Destroy_SessionRunner_IsNotAMachine()
    {
        var runner = await _host.Sessions.PostAsync("/api/runner/provision", null).JsonAsync(201);
        var container = _host.Engine.Runners[0].Placement.Handle;

        await _host.Machines.PostAsync("/destroy", $$"""{"containerId":"{{runner.Text("runnerId")}}"}""").JsonAsync(404);
        await _host.Machines.PostAsync("/destroy", $$"""{"containerId":"{{container}}"}""").JsonAsync(404);
        await _host.Machines.DeleteAsync($"/{runner.Text("runnerId")}", Cancel).JsonAsync(404);
        await _host.Machines.DeleteAsync($"/{runner.Text("sessionId")}", Cancel).JsonAsync(404);

        Assert.Single(_host.Engine.Runners);
    }

    [Fact]
    public async Task Destroy_EngineFails_AnswersInTheDocumentsWords()
    {
        var machine = await AssignAsync(Project);
        _host.Engine.Before = call => call == "remove" ? throw new Core.Engines.EngineException("stuck") : Task.CompletedTask;

        await _host.Machines.PostAsync("/destroy", $$"""{"containerId":"{{machine.Text("containerId")}}"}""").FailsAsync(500, "Failed to destroy container");
    }

    [Fact]
    public async Task List_IdleAndUsed_ShowsBoth()
    {
        var first = await AssignAsync("first");
        var second = await AssignAsync("second");
        await _host.Machines.DeleteAsync("/first", Cancel).JsonAsync(200);

        var machines = await ListAsync();

        Assert.Equal(2, machines.Count);
        var idle = machines.Single(machine => machine!.Text("id") == first.Text("containerId"))!;
        Assert.Equal(["id", "containerId", "ip", "port", "isUsed", "assignedProject", "url"], idle.AsObject().Select(field => field.Key));
        Assert.Matches("^[0-9a-f]{12}$", idle.Text("containerId"));
        Assert.Equal("172.18.0.2", idle.Text("ip"));
        Assert.False(idle["isUsed"]!.GetValue<bool>());
        Assert.Null(idle["assignedProject"]);
        Assert.Equal(first.Text("url"), idle.Text("url"));
        var used = machines.Single(machine => machine!.Text("id") == second.Text("containerId"))!;
        Assert.True(used["isUsed"]!.GetValue<bool>());
        Assert.Equal("second", used.Text("assignedProject"));
    }

    [Fact]
    public async Task Health_MachinesOfBothKinds_CountsThemOnBothListeners()
    {
        await AssignAsync("first");
        await AssignAsync("second");
        await _host.Machines.DeleteAsync("/first", Cancel).JsonAsync(200);

        const string Expected = """{"status":"ok","docker":"connected","machines":{"total":2,"idle":1,"used":1}}""";
        await _host.Machines.GetAsync("/health", Cancel).AnswersAsync(200, Expected);
        await _host.Sessions.GetAsync("/health", Cancel).AnswersAsync(200, Expected);
    }

    [Fact]
    public async Task Health_EngineStopped_AnswersInTheDocumentsWords()
    {
        _host.Engine.Stop();

        await _host.Machines.GetAsync("/health", Cancel)
            .AnswersAsync(503, """{"status":"error","docker":"disconnected","error":"Docker connection failed"}""");
    }

    private Task<System.Text.Json.Nodes.JsonNode> AssignAsync(string project) => _host.Machines.GetAsync($"/{project}", Cancel).JsonAsync(200);

    private async Task<System.Text.Json.Nodes.JsonArray> ListAsync() =>
        (await _host.Machines.GetAsync("/machines/list", Cancel).JsonAsync(200))["machines"]!.AsArray();

    private string IdOf(string how, string machineId)
    {
        var container = _host.Engine.Runners.Single(runner => runner.RunnerId == machineId).Placement.Handle;
        return how switch { "id" => machineId, "short" => container[..12], _ => container };
    }
}
