using Docker.DotNet.Models;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>What keeps a real engine from starting a template's runners, found without starting one.</summary>
public sealed class DockerObstacleTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    private string Network => $"container:orchestrator-{_instance}";

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public async ValueTask DisposeAsync() => await fixture.ForgetAsync(_instance);

    [Fact]
    public async Task Find_NothingInTheWay_IsNullAndMakesNoContainer()
    {
        Assert.Null(await Engine.FindObstacleAsync(fixture.Template, Cancel));
        Assert.Null(await Engine.FindObstacleAsync(fixture.Template with { Limits = fixture.Template.Limits with { Cpus = 0.5 } }, Cancel));
        Assert.Null(await Engine.FindObstacleAsync(fixture.Template with { Runtime = "runc" }, Cancel));
        Assert.Null(await Engine.FindObstacleAsync(fixture.Template with { Image = "localhost:1/pulled-later", Pull = PullPolicy.Missing }, Cancel));
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Theory]
    [InlineData(1_024)]
    [InlineData(512.5)]
    public async Task Find_MoreProcessorsThanThereAre_NamesTheSetting(double cpus)
    {
        var obstacle = await Engine.FindObstacleAsync(fixture.Template with { Limits = fixture.Template.Limits with { Cpus = cpus } }, Cancel);

        Assert.Equal("Limits:Cpus", obstacle?.Setting);
        Assert.Contains(FormattableString.Invariant($"'{cpus}'"), obstacle!.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nosuch")]
    [InlineData("RUNC")]
    public async Task Find_RuntimeUnknown_NamesTheSetting(string runtime)
    {
        var obstacle = await Engine.FindObstacleAsync(fixture.Template with { Runtime = runtime }, Cancel);

        Assert.Equal("Runtime", obstacle?.Setting);
        Assert.Contains("runc", obstacle!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_ImageMissing_SaysWhich()
    {
        var obstacle = await Engine.FindObstacleAsync(fixture.Template with { Image = "localhost:1/no-such-image" }, Cancel);

        Assert.Equal(new StartObstacle("Image localhost:1/no-such-image not found."), obstacle);
    }

    [Fact]
    public async Task Find_NetworkRemoved_MakesItAnew()
    {
        Assert.Null(await Engine.FindObstacleAsync(fixture.Template, Cancel));
        await fixture.Client.Networks.DeleteNetworkAsync(Network, Cancel);

        Assert.Null(await Engine.FindObstacleAsync(fixture.Template, Cancel));

        var spec = fixture.Spec();
        await Engine.WaitUntilReadyAsync(spec, await Engine.StartAsync(spec, Cancel), Cancel);
    }

    [Fact]
    public async Task Find_NetworkLetsContainersTalk_IsTold()
    {
        var network = await fixture.Client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = Network }, Cancel);
        try
        {
            Assert.Contains("reach each other", (await Engine.FindObstacleAsync(fixture.Template, Cancel))?.Problem, StringComparison.Ordinal);
        }
        finally
        {
            await fixture.Client.Networks.DeleteNetworkAsync(network.ID, Cancel);
        }
    }
}
