using System.Net;
using System.Net.Sockets;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Security;

namespace Orchestrator.Tests.Sandbox;

/// <summary>Code that looks for others over the network.</summary>
[Collection(SandboxCollection.Name)]
public sealed class NeighbourTests(SandboxFixture fixture) : IAsyncLifetime
{
    private const string Scan =
        """
        import errno, selectors, socket, time

        def scan(host, ports):
            selector, found = selectors.DefaultSelector(), []
            for port in ports:
                probe = socket.socket()
                probe.setblocking(False)
                if probe.connect_ex((host, port)) in (0, errno.EINPROGRESS):
                    selector.register(probe, selectors.EVENT_WRITE, port)
            end = time.monotonic() + 3
            while selector.get_map() and time.monotonic() < end:
                for key, _ in selector.select(0.2):
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        found.append(key.data)
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()
            return sorted(found)


        """;

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task OtherRunners_AnswerOnNoPort(Way way)
    {
        var runner = await fixture.SharedAsync();
        var neighbour = await fixture.StartAsync();
        var farther = await fixture.StartAsync(fixture.Connect());
        Assert.Equal("[3000]\n", (await ScanAsync(runner, way, runner.Placement.Address!, "range(1, 3100)")).Stdout);

        foreach (var other in new[] { neighbour, farther })
        {
            Assert.Equal("[]\n", (await ScanAsync(runner, way, other.Placement.Address!, "range(1, 3100)")).Stdout);
            Assert.True(await other.IsHealthyAsync(), "It answers nobody.");
        }
    }

    // The engine's own name server would know both, and containers are called after their sessions.
    [Fact]
    public async Task OtherRunners_LookedUpByAddressAndByName_AreNobody()
    {
        var runner = await fixture.SharedAsync();
        var neighbour = await fixture.StartAsync();
        var container = await fixture.Client.Containers.InspectContainerAsync(neighbour.Placement.Handle, TestContext.Current.CancellationToken);

        var outcome = await runner.PythonAsync(
            Way.Exec,
            $"""
            import os, socket
            os.environ['RES_OPTIONS'] = 'timeout:1 attempts:1'

            def ask(look_up, who):
                try:
                    return look_up(who)
                except OSError:
                    return 'nobody'

            print(ask(socket.gethostbyaddr, '{neighbour.Placement.Address}'), ask(socket.gethostbyname, '{container.Name.TrimStart('/')}'))
            """);

        Assert.Equal("nobody nobody\n", outcome.Stdout + outcome.Stderr);
    }

    [Fact]
    public async Task Host_ItsLoopbackTheListenersAndPublishedPorts_CannotBeReached()
    {
        await using var api = await ApiHost.StartAsync();
        using var loopback = new TcpListener(IPAddress.Loopback, 0);
        loopback.Start();
        var runner = await fixture.SharedAsync();
        var neighbour = await fixture.StartAsync();
        int[] ports =
        [
            neighbour.Placement.Port!.Value, runner.Placement.Port!.Value, ((IPEndPoint)loopback.LocalEndpoint).Port,
            api.PortOf(Listener.Sessions), api.PortOf(Listener.Machines), api.PortOf(Listener.Pod),
        ];
        foreach (var port in ports)
        {
            Assert.True(await Listeners.AcceptsAsync(IPAddress.Loopback, port), $"Nobody listens on {port}.");
        }

        var container = await fixture.Client.Containers.InspectContainerAsync(runner.Placement.Handle, TestContext.Current.CancellationToken);
        string[] hosts = [container.NetworkSettings!.Networks.Values.Single().Gateway, Listeners.OwnAddress.ToString(), "127.0.0.1", "172.17.0.1"];

        foreach (var host in hosts)
        {
            var outcome = await ScanAsync(runner, Way.Exec, host, $"[{string.Join(", ", ports)}]");
            Assert.Equal("[]\n", outcome.Stdout + outcome.Stderr);
        }
    }

    [Fact]
    public async Task Interfaces_NoSixthVersion_WhichTheBridgeWouldNotFilter()
    {
        var runner = await fixture.SharedAsync();

        var outcome = await runner.BashAsync(Way.Exec, "grep -v ' lo$' /proc/net/if_inet6; ls /sys/class/net");

        Assert.Equal("eth0\nlo\n", outcome.Stdout);
    }

    [Fact]
    public async Task NetworkNone_OnlyLoopback_ExecAndTheAgentWork()
    {
        var runner = await fixture.StartAsync(network: RunnerNetwork.None);

        Assert.Null(runner.Placement.Port);
        Assert.Equal("lo\n", (await runner.BashAsync(Way.Exec, "ls /sys/class/net")).Stdout);
        Assert.Equal("[]\n", (await ScanAsync(runner, Way.Exec, "172.17.0.1", "range(1, 100)")).Stdout);
        await Eventually.TrueAsync(async () => (await FromInsideAsync(runner)).Contains("6 times 7 is 42", StringComparison.Ordinal), what: "The agent answering");
    }

    // Only from inside can a runner without network be asked to run something.
    private static async Task<string> FromInsideAsync(SandboxRunner runner)
    {
        var outcome = await runner.PythonAsync(Way.Exec,
            $$"""
            import json, urllib.request
            body = json.dumps({'language': 'python', 'code': "print('6 times 7 is', 6 * 7)"}).encode()
            headers = {'Authorization': 'Bearer {{runner.Spec.Token}}', 'Content-Type': 'application/json'}
            print(urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:3000/run', body, headers)).read().decode())
            """);
        return outcome.Stdout;
    }

    private static Task<Outcome> ScanAsync(SandboxRunner runner, Way way, string host, string ports) =>
        runner.PythonAsync(way, $"{Scan}print(scan('{host}', {ports}))");
}
