using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>Images that know nothing of us: without our path, without any port, without an ear for signals.</summary>
[Collection(OnTheEngine.Name)]
public sealed class ForeignImageTests
{
    private const string Pathless = "orchestrator-tests/pathless:1";
    private const string Deaf = "orchestrator-tests/deaf:1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Provision_ImageWithoutTheReadyPath_IsReady()
    {
        await EnsureAsync(Pathless, """["sh","-c","mkdir -p /tmp/www && exec httpd -f -p 3000 -h /tmp/www"]""");
        await using var server = await ApiServer.StartAsync($"--DOCKER_IMAGE_NAME={Pathless}");

        var runner = await server.ProvisionAsync("pathless");

        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{runner.Text("endpoint")}/healthz"), Cancel);
        Assert.Equal(404, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Provision_TcpProbeAndNobodyListens_SaysNotReadyAndLeavesNothing()
    {
        // It sleeps. The engine's proxy would accept on the published port all the same.
        await EnsureAsync(TinyImage.Name, """["sleep","600"]""");
        await using var server = await ApiServer.StartAsync(
            $"--DOCKER_IMAGE_NAME={TinyImage.Name}", "--Runners:Ready:Probe=tcp", "--Runners:Ready:TimeoutSeconds=2");

        await server.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"mute"}""").FailsAsync(504, "RUNNER_NOT_READY");

        Assert.Empty(await server.Containers.ListAsync());
        Assert.Empty(await server.RunnersAsync());
    }

    [Fact]
    public async Task Deprovision_ImageThatIgnoresSigterm_TakesNoGracePeriod()
    {
        await EnsureAsync(Deaf, """["sh","-c","trap '' TERM; while :; do sleep 1; done"]""");
        await using var server = await ApiServer.StartAsync($"--DOCKER_IMAGE_NAME={Deaf}", "--Runners:Ready:Probe=none");
        await server.ProvisionAsync("deaf");
        var container = Assert.Single(await server.Containers.ListAsync());
        // Its init passes the signal on, to a shell that does not listen.
        await server.Containers.SignalAsync(container.ID, "TERM");
        Assert.Equal("still here\n", (await server.ExecAsync("deaf", "echo still here")).Text("stdout"));
        var watch = Stopwatch.StartNew();

        Assert.Equal(200, await server.DeprovisionAsync("deaf"));

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(6));
        Assert.Empty(await server.Containers.ListAsync());
    }

    private static async Task EnsureAsync(string image, string command)
    {
        await InstanceContainers.RequireAsync();
        await using var engine = new InstanceContainers("none");
        await TinyImage.RequireAsync(engine.Client, image, command, Cancel);
    }
}
