using Docker.DotNet.Models;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>How a runner ends whose session is over.</summary>
[Collection(OnTheEngine.Name)]
public sealed class DeprovisionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deprovision_OurImage_EndsByItselfAndIsGone()
    {
        await using var server = await ApiServer.StartAsync();

        // A killed program's code is 137. On a machine that is overloaded, one may not answer before it is killed.
        await Eventually.TrueAsync(async () => await ExitCodeOfNextAsync(server) == "0", what: "A runner ending by itself");
    }

    private static async Task<string> ExitCodeOfNextAsync(ApiServer server)
    {
        var began = DateTimeOffset.UtcNow;
        await server.ProvisionAsync("over");
        var container = Assert.Single(await server.Containers.OfSessionAsync("over"));

        Assert.Equal(200, await server.DeprovisionAsync("over"));

        Assert.Empty(await server.Containers.OfSessionAsync("over"));
        return await ExitCodeAsync(server, container.ID, began);
    }

    private static async Task<string> ExitCodeAsync(ApiServer server, string containerId, DateTimeOffset since)
    {
        var events = new ChannelProgress<Message>();
        var parameters = new ContainerEventsParameters
        {
            Since = RealEngine.At(since),
            Until = RealEngine.At(DateTimeOffset.UtcNow.AddMilliseconds(200)),
            Filters = DockerLabels.Filter((DockerLabels.Instance, server.Instance)),
        };
        await server.Containers.Client.System.MonitorEventsAsync(parameters, events, Cancel);
        return events.Drain().Single(message => message.Action == "die" && message.Actor.ID == containerId).Actor.Attributes["exitCode"];
    }
}
