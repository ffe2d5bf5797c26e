using Orchestrator.Core;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>
/// The invariants of docs/architecture.md, looked at from outside after whatever failed has been mended: by what callers were
/// answered, what the API lists and what the engine runs.
/// </summary>
internal static class Invariants
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Looks at everything, while the load's owners still tell that they live, and then ends the load.</summary>
    public static async Task HoldAsync(ApiServer server, FaultLoad load)
    {
        try
        {
            await NoLiveSessionWasReapedAsync(server, load);
            await NoTaskWasLostAsync(server, load);
        }
        finally
        {
            await load.StopAsync();
        }

        await NobodyHasTwoAsync(server);
        foreach (var owner in load.Owners.Keys)
        {
            await server.DeprovisionAsync(owner);
        }

        await NothingIsLeftAsync(server);
    }

    /// <summary>Whoever told all the time that it lives has the runner that it had, and was never told otherwise.</summary>
    public static async Task NoLiveSessionWasReapedAsync(ApiServer server, FaultLoad load)
    {
        Assert.Equal(0, load.Count("heartbeat", 404));
        foreach (var (session, runner) in load.Owners)
        {
            Assert.Equal(runner, (await server.ProvisionAsync(session, 200)).Text("runnerId"));
        }
    }

    /// <summary>Every task whose taking in was answered ends, with the right result.</summary>
    public static async Task NoTaskWasLostAsync(ApiServer server, FaultLoad load)
    {
        foreach (var (id, sum) in load.Tasks)
        {
            string? seen = null;
            await Eventually.TrueAsync(
                async () =>
                {
                    using var answer = await server.Sessions.GetAsync($"/tasks/{id}/status", Cancel);
                    seen = await answer.Content.ReadAsStringAsync(Cancel);
                    return answer.IsSuccessStatusCode && System.Text.Json.Nodes.JsonNode.Parse(seen)!.Text("status") == "complete";
                },
                Patience, $"The end of task {id}");
            Assert.Equal(sum, System.Text.Json.Nodes.JsonNode.Parse(seen!)!["result"]!.GetValue<int>());
        }
    }

    /// <summary>No owner has two runners or containers, and no runner two owners.</summary>
    public static async Task NobodyHasTwoAsync(ApiServer server)
    {
        var runners = await server.RunnersAsync();
        Assert.Equal(runners.Count, runners.Select(runner => runner.Id).Distinct().Count());
        var owners = runners.Where(runner => runner.Owner is not null).Select(runner => runner.Owner).ToList();
        Assert.Equal(owners.Count, owners.Distinct().Count());
        var told = (await server.Containers.ListAsync())
            .Where(container => container.State == "running")
            .Select(container => DockerNames.OwnerIn(container.Names[0], container.Labels[DockerLabels.Runner]))
            .OfType<Owner>().ToList();
        Assert.Equal(told.Count, told.Distinct().Count());
    }

    /// <summary>Once every lease has ended nothing of ours is left, on the engine or in the list.</summary>
    public static async Task NothingIsLeftAsync(ApiServer server)
    {
        var seen = "";
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    var (runners, containers) = (await server.RunnersAsync(), await server.Containers.IdsAsync());
                    seen = $"runners {string.Join(", ", runners)}; containers {string.Join(", ", containers)}";
                    return runners.Count == 0 && containers.Count == 0;
                },
                Patience, "The end of everything that nobody owns");
        }
        catch (Xunit.Sdk.XunitException error)
        {
            Assert.Fail($"{error.Message} Last seen: {seen}");
        }
    }
}
