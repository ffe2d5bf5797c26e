using Aspire.Hosting.ApplicationModel;
using Orchestrator.AppHost;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>An Aspire application of which a part can't be started.</summary>
[Collection(OnContainers.Name)]
public sealed class ContainersStartTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Aspire tries for half a minute.
    [Fact]
    [Trait("Category", "Long")]
    public async Task Start_OfAPartThatCantBe_FailsAtOnceWithItsName()
    {
        await using var app = await ContainersApp.BuildAsync(
            builder =>
            {
                var broken = builder.Resources.OfType<ContainerResource>().Single(part => part.Name == Composition.Names.Prometheus);
                broken.Entrypoint = "/no/such/program";
                foreach (var other in builder.Resources.Where(part => part is ProjectResource or ContainerResource && part != broken).ToList())
                {
                    builder.Resources.Remove(other);
                }
            },
            Stop);

        // Not a TimeoutException: the limit is not waited for.
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.App.StartAsync(Limit, Stop));

        Assert.StartsWith($"Part {Composition.Names.Prometheus} can't be started", error.Message, StringComparison.Ordinal);
    }
}
