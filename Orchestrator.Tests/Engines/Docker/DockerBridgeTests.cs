using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The network that runners are on: made once, the one that keeps them apart, and made again when it is gone.</summary>
public sealed class DockerBridgeTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly SocketRelay _relay = new("/var/run/docker.sock");
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    private IRunnerEngine Relayed => field ??= fixture.ServicesOf(_instance, docker => docker.Host = "unix://" + _relay.Path).GetRequiredService<IRunnerEngine>();

    private string Name => $"container:orchestrator-{_instance}";

    private string OrdinaryName => $"orchestrator-{_instance}";

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        _relay.Open();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await fixture.ForgetAsync(_instance);
    }

    [Fact]
    public async Task Start_RemovedMeanwhile_MakesItAnew()
    {
        var first = fixture.Spec();
        await Engine.StartAsync(first, Cancel);
        await Engine.RemoveAsync(first.RunnerId, null, Cancel);
        await fixture.Client.Networks.DeleteNetworkAsync(Name, Cancel);

        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);

        await Engine.WaitUntilReadyAsync(spec, placement, Cancel);
        Assert.Single(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_OneOfThatNameLetsContainersTalk_IsRefused()
    {
        var network = await fixture.Client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = Name }, Cancel);
        try
        {
            var error = await Assert.ThrowsAsync<EngineException>(() => Engine.StartAsync(fixture.Spec(), Cancel));
            Assert.Contains(Name, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            await fixture.Client.Networks.DeleteNetworkAsync(network.ID, Cancel);
        }
    }

    [Fact]
    public async Task Start_ByTwoOrchestratorsAtOnce_ShareOne()
    {
        var other = fixture.Connect(_instance);

        var placements = await Task.WhenAll(Engine.StartAsync(fixture.Spec(), Cancel), other.StartAsync(fixture.Spec(), Cancel));

        var networks = new HashSet<string>();
        foreach (var placement in placements)
        {
            networks.Add((await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel)).NetworkSettings!.Networks.Values.Single().NetworkID);
        }

        Assert.Single(networks);
    }

    [Fact]
    public async Task Start_MadeTwice_KeepsTheOneInUse()
    {
        await Engine.StartAsync(fixture.Spec(), Cancel);
        try
        {
            await fixture.Client.Networks.CreateNetworkAsync(
                new NetworksCreateParameters
                {
                    Name = Name,
                    Options = new Dictionary<string, string> { ["com.docker.network.bridge.enable_icc"] = "false" },
                    Labels = new Dictionary<string, string> { [DockerLabels.Instance] = _instance },
                },
                Cancel);
        }
        catch (DockerApiException error) when (error.StatusCode == HttpStatusCode.Conflict)
        {
            // From API 1.44 on the engine itself keeps names apart, and the rest has one network only.
        }

        await Engine.StartAsync(fixture.Spec(), Cancel);
        await fixture.Connect(_instance).StartAsync(fixture.Spec(), Cancel);

        Assert.Equal(3, (await Engine.ListAsync(Cancel)).Count(runner => runner.Running));
        var listed = await fixture.Client.Networks.ListNetworksAsync(
            new NetworksListParameters { Filters = DockerLabels.Filter((DockerLabels.Instance, _instance)) }, Cancel);
        Assert.Single(listed);
    }

    [Fact]
    public async Task Start_EngineRefusesTheName_TakesAnOrdinaryOne()
    {
        var refused = 0;
        _relay.Fault = line => line.Contains("/networks/create", StringComparison.Ordinal) && Interlocked.Increment(ref refused) == 1 ? RelayFault.Forbidden : RelayFault.None;

        var placement = await Relayed.StartAsync(fixture.Spec(), Cancel);

        var container = await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);
        Assert.Equal([OrdinaryName], container.NetworkSettings!.Networks.Keys);
        var network = await fixture.Client.Networks.InspectNetworkAsync(OrdinaryName, Cancel);
        Assert.Equal("false", network.Options["com.docker.network.bridge.enable_icc"]);
    }

    [Fact]
    public async Task Start_EngineRefusesForAWhile_SaysSoLeavesNothingAndTakesTheUsualNameThen()
    {
        _relay.Fault = line => line.Contains("/networks/create", StringComparison.Ordinal) ? RelayFault.Forbidden : RelayFault.None;

        var error = await Assert.ThrowsAsync<EngineException>(() => Relayed.StartAsync(fixture.Spec(), Cancel));

        Assert.Contains(OrdinaryName, error.Message, StringComparison.Ordinal);
        Assert.Contains("a fault of the relay", error.Message, StringComparison.Ordinal);
        Assert.Empty(await Engine.ListAsync(Cancel));
        _relay.Fault = null;
        var placement = await Relayed.StartAsync(fixture.Spec(), Cancel);
        var container = await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);
        Assert.Equal([Name], container.NetworkSettings!.Networks.Keys);
    }
}
