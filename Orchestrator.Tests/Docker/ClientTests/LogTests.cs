using System.Diagnostics;
using System.Text;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

public sealed class LogTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_OfAnEndedContainer_GiveBothStreamsAndEnd()
    {
        engine.Require();
        var id = await engine.StartAsync("echo one; echo two >&2; sleep 0.3; echo three", Cancel);
        await engine.Client.Containers.WaitContainerAsync(id, Cancel);

        Assert.Equal(("one\nthree\n", "two\n"), await ReadAsync(id, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true }));
        Assert.Equal(("", "two\n"), await ReadAsync(id, new ContainerLogsParameters { ShowStderr = true }));
        Assert.Equal(("three\n", ""), await ReadAsync(id, new ContainerLogsParameters { ShowStdout = true, Tail = "1" }));
    }

    [Fact]
    public async Task Logs_Followed_ArriveLineByLineUntilTheContainerEnds()
    {
        engine.Require();
        var id = await engine.StartAsync("for i in 1 2 3; do echo $i; sleep 0.5; done", Cancel);
        using var stream = await engine.Client.Containers.GetContainerLogsAsync(
            id, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true, Follow = true }, Cancel);
        var watch = Stopwatch.StartNew();
        var buffer = new byte[100];
        var arrivals = new List<(string Text, long At)>();

        while (await stream.ReadOutputAsync(buffer, 0, buffer.Length, Cancel) is { EOF: false } read)
        {
            arrivals.Add((Encoding.UTF8.GetString(buffer, 0, read.Count), watch.ElapsedMilliseconds));
        }

        Assert.Equal(["1\n", "2\n", "3\n"], arrivals.Select(arrival => arrival.Text));
        Assert.True(arrivals[2].At - arrivals[1].At > 250, "The lines were held back and came together.");
    }

    [Fact]
    public async Task Logs_FollowedAndCancelled_ReturnAtOnce()
    {
        engine.Require();
        var id = await engine.StartAsync("sleep 600", Cancel);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var stream = await engine.Client.Containers.GetContainerLogsAsync(
            id, new ContainerLogsParameters { ShowStdout = true, Follow = true }, cancel.Token);

        await Assertions.CancelsAsync(cancel, stream.ReadOutputAsync(new byte[16], 0, 16, cancel.Token));
    }

    [Fact]
    public async Task Logs_OfAContainerWithATerminal_HaveNoFrames()
    {
        engine.Require();
        var wanted = engine.Container("echo out; echo err >&2");
        wanted.Tty = true;
        var id = await engine.StartAsync(wanted, Cancel);
        await engine.Client.Containers.WaitContainerAsync(id, Cancel);

        Assert.Equal(
            ("out\r\nerr\r\n", ""), await ReadAsync(id, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true }));
    }

    private async Task<(string, string)> ReadAsync(string id, ContainerLogsParameters parameters)
    {
        using var stream = await engine.Client.Containers.GetContainerLogsAsync(id, parameters, Cancel);
        return await stream.ReadOutputToEndAsync(Cancel);
    }
}
