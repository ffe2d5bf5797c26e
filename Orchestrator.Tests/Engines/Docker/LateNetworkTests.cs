using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>
/// Containers of our own image get their network while their program starts, once a first one has shown what it is; and
/// nobody can tell.
/// </summary>
public sealed class LateNetworkTests(SupervisedEngineFixture fixture) : IClassFixture<SupervisedEngineFixture>, IAsyncLifetime
{
    private readonly SocketRelay _relay = new("/var/run/docker.sock");
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.ServicesOf(_instance, docker => docker.Host = "unix://" + _relay.Path).GetRequiredService<IRunnerEngine>();

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
    public async Task Start_AfterAFirstOne_HasItsNetworkLateAndIsTheSameInside()
    {
        var (first, early) = await StartAsync();
        var (second, late) = await StartAsync();

        Assert.Equal(["none"], await ModesAsync(late));
        Assert.DoesNotContain("none", await ModesAsync(early));
        Assert.Equal(await NetworksAsync(early), await NetworksAsync(late));
        Assert.NotNull(late.Address);
        foreach (var file in new[] { "/etc/resolv.conf", "/proc/net/route", "/proc/net/if_inet6" })
        {
            Assert.Equal(await ReadAsync(early, file), await ReadAsync(late, file));
        }

        await Engine.WaitUntilReadyAsync(first, early, Cancel);
        await Engine.WaitUntilReadyAsync(second, late, Cancel);
    }

    [Fact]
    public async Task List_NetworkCameLate_TellsItFromARunnerWithout()
    {
        await StartAsync();
        var (late, placement) = await StartAsync();
        var none = fixture.Spec() with { Network = RunnerNetwork.None };
        await Engine.StartAsync(none, Cancel);

        var listed = (await Engine.ListAsync(Cancel)).ToDictionary(runner => runner.RunnerId);

        Assert.Equal((RunnerNetwork.Bridge, placement), (listed[late.RunnerId].Network, listed[late.RunnerId].Placement with { Image = placement.Image }));
        Assert.Equal((RunnerNetwork.None, null), (listed[none.RunnerId].Network, listed[none.RunnerId].Placement.Port));
    }

    [Fact]
    public async Task Start_OtherProgramInOurImage_HasItsNetworkFromTheStart()
    {
        const string image = "orchestrator-tests/other-program:1";
        Assert.Null(await TinyImage.EnsureAsync(
            fixture.Client, image, """["sleep","600"]""", ["LABEL orchestrator.supervisor=/opt/orchestrator/Orchestrator.Guest"], Cancel));
        var spec = fixture.Spec() with { Template = fixture.Template with { Image = image } };

        await Engine.StartAsync(spec, Cancel);
        var second = await Engine.StartAsync(spec with { RunnerId = fixture.Spec().RunnerId }, Cancel);

        Assert.DoesNotContain("none", await ModesAsync(second));
    }

    [Theory]
    [InlineData("/disconnect")]
    [InlineData("/connect")]
    public async Task Start_EngineRefusesToConnect_StartsOnTheNetworkFromThenOn(string call)
    {
        await StartAsync();
        var refused = 0;
        _relay.Fault = line => line.Contains(call, StringComparison.Ordinal) && Interlocked.Increment(ref refused) > 0 ? RelayFault.ServerError : RelayFault.None;

        var (_, second) = await StartAsync();
        var (_, third) = await StartAsync();

        Assert.DoesNotContain("none", await ModesAsync(second, third));
        Assert.Equal(1, refused);
        Assert.Equal(3, (await Engine.ListAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Start_NetworkVanished_IsMadeAnew()
    {
        var (first, _) = await StartAsync();
        await Engine.RemoveAsync(first.RunnerId, null, Cancel);
        await fixture.Client.Networks.DeleteNetworkAsync($"container:orchestrator-{_instance}", Cancel);

        var (second, late) = await StartAsync();

        await Engine.WaitUntilReadyAsync(second, late, Cancel);
        Assert.Equal(["none"], await ModesAsync(late));
        Assert.Single(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_PortIsTaken_SaysSoAndLeavesNothing()
    {
        var (_, first) = await StartAsync();

        var error = await Assert.ThrowsAsync<PortTakenException>(() => Engine.StartAsync(fixture.Spec() with { Port = first.Port }, Cancel));

        Assert.Equal(first.Port, error.Port);
        Assert.Single(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_ProgramEndsBeforeItsNetworkComes_SaysSoAndTheNextOneIsLateAllTheSame()
    {
        await StartAsync();
        var spec = fixture.Spec();
        string? killed = null;
        _relay.Fault = line =>
        {
            if (line.Contains("/networks/none/disconnect", StringComparison.Ordinal) && killed is null)
            {
                killed = spec.RunnerId;
                KillAsync(spec.RunnerId).GetAwaiter().GetResult();
            }

            return RelayFault.None;
        };

        var error = await Assert.ThrowsAsync<RunnerNotReadyException>(() => Engine.StartAsync(spec, Cancel));

        Assert.Contains("exit code 137", error.Message, StringComparison.Ordinal);
        var (_, next) = await StartAsync();
        Assert.Equal(["none"], await ModesAsync(next));
        Assert.Equal(2, (await Engine.ListAsync(Cancel)).Count);
    }

    private async Task KillAsync(string runnerId)
    {
        var listed = await fixture.Client.Containers.ListContainersAsync(
            new ContainersListParameters { Filters = DockerLabels.Filter((DockerLabels.Runner, runnerId)) }, Cancel);
        await fixture.Client.Containers.KillContainerAsync(Assert.Single(listed).ID, new ContainerKillParameters { Signal = "KILL" }, Cancel);
        await fixture.Client.Containers.WaitContainerAsync(listed[0].ID, Cancel);
    }

    private async Task<(RunnerSpec Spec, RunnerPlacement Placement)> StartAsync()
    {
        var spec = fixture.Spec();
        return (spec, await Engine.StartAsync(spec, Cancel));
    }

    private async Task<IEnumerable<string>> ModesAsync(params RunnerPlacement[] placements)
    {
        var modes = new List<string>();
        foreach (var placement in placements)
        {
            modes.Add((await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel)).HostConfig!.NetworkMode);
        }

        return modes;
    }

    private async Task<IEnumerable<string>> NetworksAsync(RunnerPlacement placement) =>
        (await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel)).NetworkSettings!.Networks.Keys;

    private async Task<string> ReadAsync(RunnerPlacement placement, string file)
    {
        var output = new TextOutput();
        var result = await Engine.ExecAsync(
            placement.Handle, new ExecRequest(["cat", file], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(10)), output, Cancel);
        Assert.Equal(0, result.ExitCode);
        return output.Stdout;
    }
}
