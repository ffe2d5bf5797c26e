using System.Diagnostics;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>The server dies without a warning, or loses its memory.</summary>
[Collection(OnTheEngine.Name)]
public sealed class KilledServerTests(ITestOutputHelper output)
{
    private const int Kills = 10;

    private static readonly string[] Hasty =
    [
        "--Runners:OrphanGraceSeconds=2", "--Runners:ReconcileIntervalSeconds=0.5", "--CLEANUP_INTERVAL_SECONDS=0.5", "--Runners:MaxParallelStarts=4",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("api-killed-live", "API", "killed with SIGKILL ten times during provisions", "answered provisions stay valid; no surplus container; an uninvolved session is unaffected")]
    public async Task Kill_DuringProvisions_LeavesNothingBehindAndTouchesNobody()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        var random = new Random(seed);
        await using var server = await ApiServer.StartAsync([.. Hasty, "--INACTIVITY_TIMEOUT_SECONDS=300"]);
        var watch = Stopwatch.StartNew();
        var bystander = await server.ProvisionAsync("bystander");
        // At this machine's pace: from the first step of the first one to after the last answer.
        var span = (int)watch.ElapsedMilliseconds * 3;
        var bystanders = await server.FindAsync("bystander");
        var startedAt = await StartedAtAsync(server, bystanders!.ContainerId!);

        for (var kill = 0; kill < Kills; kill++)
        {
            // Sessions that hold a runner when it happens, and sessions that are just getting one.
            var sessions = Enumerable.Range(0, 4).Select(i => $"victim-{kill}-{i}").ToList();
            var provisions = sessions.Select(session => TryProvisionAsync(server, session)).ToList();
            await Pace.PauseAsync(random.Next(span), Cancel);
            await server.KillAsync();
            var answered = (await Task.WhenAll(provisions)).OfType<JsonNode>().ToList();

            await server.StartAgainAsync();
            // Some come back before anything was reconciled.
            foreach (var session in sessions.Take(2))
            {
                Assert.NotNull(await TryProvisionAsync(server, session));
            }

            await server.SettlesAsync(TimeSpan.FromSeconds(30));

            var containers = await server.Containers.ListAsync();
            Assert.Equal(containers.Count, containers.Select(container => container.Session()).Distinct().Count());
            Assert.Contains(containers, container => container.ID == bystanders.ContainerId);
            Assert.Equal(startedAt, await StartedAtAsync(server, bystanders.ContainerId!));
            foreach (var runner in answered)
            {
                Assert.Equal(runner.Text("runnerId"), (await server.ProvisionAsync(runner.Text("sessionId"), 200)).Text("runnerId"));
            }

            await Task.WhenAll(sessions.Select(async session => Assert.Contains(await server.DeprovisionAsync(session), new[] { 200, 404 })));
            output.WriteLine($"Kill {kill}: {answered.Count} of {sessions.Count} answered before");
        }

        await server.SettlesAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(bystanders.ContainerId, Assert.Single(await server.Containers.IdsAsync()));
        Assert.Equal(bystander.Text("token"), (await server.ProvisionAsync("bystander", 200)).Text("token"));
    }

    [Fact]
    [Fault("store-deleted", "store", "the API is killed and its folder deleted, while runners run", "sessions keep their runners, machines are kept as unknown, idle runners are removed")]
    public async Task Store_DeletedWhileRunnersRun_OwnersAreToldByTheirContainers()
    {
        await using var server = await ApiServer.StartAsync([.. Hasty, "--Runners:MinIdle=1"]);
        await Eventually.TrueAsync(
            async () => (await server.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "An idle runner");
        var warm = await server.ProvisionAsync("was_warm:1");
        var cold = await server.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"was-cold","networkMode":"none"}""").JsonAsync(201);
        var machine = await server.Machines.GetAsync("/project-1", Cancel).JsonAsync(200);

        // The label of the warm one tells nothing; its name does, once it was changed.
        await Eventually.TrueAsync(async () => (await server.Containers.ListAsync()).Any(c => c.Names.Any(
            name => name.StartsWith($"/{warm.Text("runnerId")}.", StringComparison.Ordinal))), what: "The warm runner's name");
        Assert.Empty(await server.Containers.OfSessionAsync("was_warm:1"));
        Assert.Single(await server.Containers.OfSessionAsync("was-cold"));
        await Eventually.TrueAsync(
            async () => (await server.RunnersAsync()).Any(runner => runner.State == "idle"), TimeSpan.FromSeconds(60), "A refill");
        var idle = (await server.RunnersAsync()).Single(runner => runner.State == "idle").ContainerId!;

        await server.KillAsync();
        Directory.Delete(server.Data, recursive: true);
        await server.StartAgainAsync();

        await Eventually.TrueAsync(async () => await server.FindAsync("was_warm:1") is not null && await server.FindAsync("was-cold") is not null);
        Assert.Equal(warm.Text("runnerId"), (await server.ProvisionAsync("was_warm:1", 200)).Text("runnerId"));
        Assert.Equal(warm.Text("endpoint"), (await server.ProvisionAsync("was_warm:1", 200)).Text("endpoint"));
        Assert.Equal(cold.Text("runnerId"), (await server.ProvisionAsync("was-cold", 200)).Text("runnerId"));
        Assert.Equal(200, await server.HeartbeatAsync("was_warm:1"));
        Assert.Equal("alive\n", (await server.ExecAsync("was-cold", "echo alive")).Text("stdout"));

        var listed = (await server.Machines.GetAsync("/machines/list", Cancel).JsonAsync(200))["machines"]!.AsArray();
        var kept = Assert.Single(listed)!;
        Assert.Equal((machine.Text("containerId"), "unknown", true), (kept.Text("id"), kept.Text("assignedProject"), kept["isUsed"]!.GetValue<bool>()));
        await Eventually.TrueAsync(async () => !(await server.Containers.IdsAsync()).Contains(idle), what: "The end of the idle one");

        // Nothing of it was only for a while.
        Assert.Equal(200, await server.HeartbeatAsync("was_warm:1"));
        await LiveCalls.AnswersHttpAsync(machine.Text("url"));
        await server.Machines.PostAsync("/destroy", $$"""{"containerId":"{{machine.Text("containerId")}}"}""").JsonAsync(200);
    }

    /// <summary>The answer; null when the server died before it gave one.</summary>
    private static async Task<JsonNode?> TryProvisionAsync(ApiServer server, string session)
    {
        try
        {
            using var answer = await server.Sessions.PostAsync("/api/runner/provision", null, ("X-Session-Id", session));
            Assert.True((int)answer.StatusCode is 200 or 201, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}");
            return await Task.FromResult(answer).JsonAsync((int)answer.StatusCode);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static async Task<string?> StartedAtAsync(ApiServer server, string container) =>
        (await server.Containers.Client.Containers.InspectContainerAsync(container, Cancel)).State?.StartedAt;
}
