using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Runners without a network, and containers that end by another hand than ours.</summary>
[Collection(OnTheEngine.Name)]
public sealed class LostContainerTests
{
    // Serves, and eats all memory when told so: as its main process, so that its end is the container's.
    private const string HungryImage = "orchestrator-tests/hungry:1";

    private const string Hungry =
        """["sh","-c","mkdir -p /tmp/www; echo ok > /tmp/www/healthz; httpd -p 3000 -h /tmp/www; until [ -e /tmp/eat ]; do sleep 0.1; done; exec busybox tail /dev/zero"]""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Provision_NetworkModeNone_WorksThroughExecAlone()
    {
        await using var server = await ApiServer.StartAsync();

        var runner = await server.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"alone","networkMode":"none"}""").JsonAsync(201);

        Assert.Equal("N/A (isolated network mode)", runner.Text("endpoint"));
        Assert.Equal("42\n", (await server.ExecAsync("alone", "python3 -c 'print(6*7)'")).Text("stdout"));
        Assert.Equal("lo\n", (await server.ExecAsync("alone", "ls /sys/class/net")).Text("stdout"));
        var reach = await server.ExecAsync("alone", "python3 -c 'import socket; socket.create_connection((\"172.17.0.1\", 22), 2)'");
        Assert.Contains("Network is unreachable", reach.Text("stderr"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("killed")]
    [InlineData("restarted")]
    [InlineData("disconnected")]
    [Fault("container-ended", "container", "killed, removed, restarted or disconnected by hand", "the next call reports it, the next provision gives a new one; nothing is left")]
    public async Task Container_EndedByAnotherHand_OwnerIsToldAndGetsANewOne(string how)
    {
        await using var server = await ApiServer.StartAsync();
        var before = await server.ProvisionAsync("unlucky");
        var container = Assert.Single(await server.Containers.IdsAsync());

        await (how switch
        {
            "removed" => server.Containers.RemoveAsync(container),
            "restarted" => server.Containers.RestartAsync(container),
            "disconnected" => server.Containers.DisconnectAsync(container),
            _ => server.Containers.KillAsync(container),
        });

        await IsToldAndGetsANewOneAsync(server, before.Text("runnerId"));
    }

    [Fact]
    [Fault("container-paused", "container", "paused by hand", "commands thaw it and run")]
    public async Task Container_PausedByHand_CommandsThawIt()
    {
        await using var server = await ApiServer.StartAsync();
        await server.ProvisionAsync("frozen");
        var container = Assert.Single(await server.Containers.IdsAsync());

        // Docker 20.10 never comes back from a pause in the middle of an exec's start, as the code agent's.
        await Eventually.TrueAsync(() => server.Containers.RunsAsync(container, "agent"));
        await server.Containers.PauseAsync(container);

        Assert.Equal("hi\n", (await server.ExecAsync("frozen", "echo hi")).Text("stdout"));
        await Eventually.TrueAsync(async () => (await server.Containers.ListAsync()).All(container => container.State == "running"));
        Assert.Equal(200, await server.HeartbeatAsync("frozen"));
    }

    [Fact]
    [Fault("container-killed-then-used", "container", "killed, and used in that moment", "the command reports it, the next provision gives a new one")]
    public async Task Container_KilledAndUsedAtOnce_IsNotHandedOutAgain()
    {
        await using var server = await ApiServer.StartAsync();
        var before = await server.ProvisionAsync("unlucky");
        await server.Containers.KillAsync(Assert.Single(await server.Containers.IdsAsync()));

        await server.Sessions.PostAsync("/api/runner/unlucky/exec", """{"command":["true"]}""").FailsAsync(404, "RUNNER_NOT_FOUND");
        var after = await server.ProvisionAsync("unlucky");

        Assert.NotEqual(before.Text("runnerId"), after.Text("runnerId"));
        await LiveCalls.AnswersHttpAsync(after.Text("endpoint"));
    }

    [Fact]
    [Fault("container-out-of-memory", "container", "its first process is killed for lack of memory", "the next call reports it, the next provision gives a new one; nothing is left")]
    public async Task Container_OutOfMemory_OwnerIsToldAndGetsANewOne()
    {
        await InstanceContainers.RequireAsync();
        await using (var images = new InstanceContainers("none"))
        {
            await TinyImage.RequireAsync(images.Client, HungryImage, Hungry, Cancel);
        }

        await using var server = await ApiServer.StartAsync(
            $"--DOCKER_IMAGE_NAME={HungryImage}", "--Runners:Limits:MemoryMiB=32", "--Runners:Limits:DiskMiB=4", "--Runners:Hardening=compatible");
        var before = await server.ProvisionAsync("unlucky");

        await server.ExecAsync("unlucky", "touch /tmp/eat");

        await IsToldAndGetsANewOneAsync(server, before.Text("runnerId"));
    }

    private static async Task IsToldAndGetsANewOneAsync(ApiServer server, string runnerId)
    {
        await Eventually.TrueAsync(async () => await server.HeartbeatAsync("unlucky") == 404, TimeSpan.FromSeconds(15), "A heartbeat that finds nothing");
        var after = await server.ProvisionAsync("unlucky");
        Assert.NotEqual(runnerId, after.Text("runnerId"));
        await LiveCalls.AnswersHttpAsync(after.Text("endpoint"));
        await server.SettlesAsync(TimeSpan.FromSeconds(15));
    }
}
