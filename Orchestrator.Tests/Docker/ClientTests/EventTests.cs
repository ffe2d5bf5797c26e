using System.Diagnostics;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

public sealed class EventTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfALabel_ArriveAtOnceWithWhomTheyAreAbout()
    {
        engine.Require();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var events = new ChannelProgress<Message>();
        var monitor = engine.Client.System.MonitorEventsAsync(Ours(), events, cancel.Token);
        var id = await engine.StartAsync("sleep 600", Cancel);
        await events.WaitForAsync(message => message.Action == "start" && message.Actor.ID == id, Cancel);

        var watch = Stopwatch.StartNew();
        await engine.Client.Containers.RenameContainerAsync(id, new ContainerRenameParameters { NewName = RealEngine.NewName() }, Cancel);
        var renamed = await events.WaitForAsync(message => message.Action == "rename", Cancel);

        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);
        Assert.Equal(("container", id), (renamed.Type, renamed.Actor.ID));
        Assert.Equal(engine.Instance, renamed.Actor.Attributes[RealEngine.LabelName]);
        Assert.Equal(renamed.Time, renamed.TimeNano / 1_000_000_000);
        await Assertions.CancelsAsync(cancel, monitor);
    }

    [Fact]
    public async Task Events_OfAKilledContainer_TellDieAndDestroy()
    {
        engine.Require();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var events = new ChannelProgress<Message>();
        var id = await engine.StartAsync("sleep 600", Cancel);
        var monitor = engine.Client.System.MonitorEventsAsync(Ours(RealEngine.At(DateTimeOffset.UtcNow)), events, cancel.Token);

        await engine.RemoveAsync(id);

        var died = await events.WaitForAsync(message => message.Action == "die" && message.Actor.ID == id, Cancel);
        Assert.Equal("137", died.Actor.Attributes["exitCode"]);
        await events.WaitForAsync(message => message.Action == "destroy" && message.Actor.ID == id, Cancel);
        await Assertions.CancelsAsync(cancel, monitor);
    }

    [Fact]
    public async Task Events_SinceAPointInTime_AreReplayedAndEndAtAnother()
    {
        engine.Require();
        var from = DateTimeOffset.UtcNow;
        var id = await engine.StartAsync("exit 0", Cancel);
        await engine.Client.Containers.WaitContainerAsync(id, Cancel);
        await engine.RemoveAsync(id);
        var events = new ChannelProgress<Message>();

        await engine.Client.System.MonitorEventsAsync(
            Ours(RealEngine.At(from.AddSeconds(-1)), RealEngine.At(DateTimeOffset.UtcNow.AddMilliseconds(200))), events, Cancel);

        var seen = events.Drain().Where(message => message.Actor.ID == id).Select(message => message.Action).ToList();
        Assert.Equal(["create", "start", "die", "destroy"], seen);
    }

    private ContainerEventsParameters Ours(string? since = null, string? until = null) => new()
    {
        Since = since,
        Until = until,
        Filters = new Dictionary<string, IDictionary<string, bool>>
        {
            ["type"] = new Dictionary<string, bool> { ["container"] = true },
            ["label"] = new Dictionary<string, bool> { [engine.Label] = true },
        },
    };
}
