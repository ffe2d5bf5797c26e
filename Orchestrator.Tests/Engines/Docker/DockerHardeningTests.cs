using System.Net;
using System.Net.Sockets;
using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>What containers are locked down to: as the engine has it, and as it is met inside.</summary>
public sealed class DockerHardeningTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public async ValueTask DisposeAsync() => await fixture.ForgetAsync(_instance);

    [Fact]
    public async Task Strict_AsTheEngineHasIt()
    {
        var (spec, placement) = await StartAsync(fixture.Template);

        var container = await InspectAsync(placement);
        var host = container.HostConfig!;
        Assert.Equal(("65534:65534", true, false, (bool?)true), (container.Config!.User, host.ReadonlyRootfs, host.Privileged, host.Init));
        Assert.Equal(["ALL"], host.CapDrop);
        Assert.Empty(host.CapAdd ?? []);
        Assert.Contains("no-new-privileges", host.SecurityOpt);
        Assert.Equal((spec.Template.Limits.MemoryBytes, spec.Template.Limits.MemoryBytes), (host.Memory, host.MemorySwap));
        Assert.Equal((1_000_000_000L, (long?)spec.Template.Limits.Processes), (host.NanoCPUs, host.PidsLimit));
        Assert.Equal(("json-file", "10m", "2"), (host.LogConfig.Type, host.LogConfig.Config["max-size"], host.LogConfig.Config["max-file"]));
        Assert.Equal(("private", RestartPolicyKind.No), (host.IpcMode, host.RestartPolicy.Name));
        Assert.Empty(host.Binds ?? []);
        Assert.All(container.Mounts ?? [], mount => Assert.Equal("tmpfs", mount.Type));
        Assert.Equal(["/tmp", "/workspace"], host.Tmpfs!.Keys.Order());
        Assert.Equal("127.0.0.1", container.NetworkSettings!.Ports["3000/tcp"][0].HostIP);
        Assert.Equal([$"container:orchestrator-{_instance}"], container.NetworkSettings.Networks.Keys);
        Assert.Equal(
            (_instance, spec.RunnerId, "session", spec.RunnerId),
            (container.Config.Labels["orchestrator.instance"], container.Config.Labels["orchestrator.runner"],
                container.Config.Labels["orchestrator.template"], container.Config.Labels["taylored-runner-session-id"]));
        Assert.DoesNotContain("orchestrator.tenant", container.Config.Labels.Keys);
    }

    [Fact]
    public async Task Strict_AsItIsMetInside()
    {
        var (_, placement) = await StartAsync(fixture.Template);

        Assert.Equal("65534", await RunAsync(placement, "id -u"));
        Assert.Equal("0000000000000000", await RunAsync(placement, "while read name value; do [ $name = CapBnd: ] && echo $value; done < /proc/self/status"));
        Assert.Equal("1", await RunAsync(placement, "while read name value; do [ $name = NoNewPrivs: ] && echo $value; done < /proc/self/status"));
        Assert.Equal("refused", await RunAsync(placement, "touch /here 2>/dev/null && echo written || echo refused"));
        Assert.Equal("ran", await RunAsync(placement, "echo 'echo ran' > /workspace/x; sh /workspace/x"));
        Assert.Equal("full", await RunAsync(placement, "dd if=/dev/zero of=/workspace/big bs=1024k count=32 2>/dev/null && echo fits || echo full"));
        Assert.Equal("full", await RunAsync(placement, "dd if=/dev/zero of=/tmp/big bs=1024k count=80 2>/dev/null && echo fits || echo full"));
        Assert.Equal("none", await RunAsync(placement, "ls /var/run/docker.sock /run/docker.sock 2>/dev/null || echo none"));
        Assert.Equal("0", await RunAsync(placement, "ulimit -c"));
        Assert.Equal("stopped", await RunAsync(placement, "(for i in $(seq 200); do sleep 5 & done) 2>/dev/null && echo forked || echo stopped"));
    }

    [Fact]
    public async Task Strict_HomeInARootImage_IsWritable()
    {
        var (_, placement) = await StartAsync(fixture.Template);

        Assert.Equal("/workspace written", await RunAsync(placement, "touch ~/file && echo $HOME written"));
    }

    [Fact]
    public async Task Limits_OfTmpAndSharedMemory_AreTheTemplates()
    {
        var limits = fixture.Template.Limits with { TmpBytes = 100L << 20, ShmBytes = 8L << 20 };
        var (_, placement) = await StartAsync(fixture.Template with { Limits = limits });

        Assert.Equal("fits", await RunAsync(placement, "dd if=/dev/zero of=/tmp/big bs=1024k count=80 2>/dev/null && echo fits || echo full"));
        Assert.Equal("full", await RunAsync(placement, "dd if=/dev/zero of=/dev/shm/big bs=1024k count=9 2>/dev/null && echo fits || echo full"));
    }

    [Fact]
    public async Task Limits_OfTmpAndSharedMemoryAboveTheMemory_AreTheMemorys()
    {
        var limits = fixture.Template.Limits with { TmpBytes = 1L << 30, ShmBytes = 1L << 30 };
        var (_, placement) = await StartAsync(fixture.Template with { Limits = limits });

        var host = (await InspectAsync(placement)).HostConfig!;
        Assert.Equal(limits.MemoryBytes, host.ShmSize);
        Assert.EndsWith($",size={limits.MemoryBytes}", host.Tmpfs!["/tmp"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_ImagesOwnUserThatIsNotRoot_IsKept()
    {
        const string image = "orchestrator-tests/user:1";
        Assert.Null(await TinyImage.EnsureAsync(fixture.Client, image, """["sleep","600"]""", ["USER 1234:1234"], Cancel));

        var (_, placement) = await StartAsync(fixture.Template with { Image = image });

        Assert.Equal("1234", await RunAsync(placement, "id -u"));
    }

    [Fact]
    public async Task Compatible_HasTheImagesUserAndAWritableRoot_NothingElse()
    {
        var (_, placement) = await StartAsync(fixture.Template with { Hardening = Hardening.Compatible });

        Assert.Equal("0", await RunAsync(placement, "id -u"));
        Assert.Equal("written", await RunAsync(placement, "touch /here 2>/dev/null && echo written || echo refused"));
        Assert.Equal("0000000000000000", await RunAsync(placement, "while read name value; do [ $name = CapEff: ] && echo $value; done < /proc/self/status"));
        var host = (await InspectAsync(placement)).HostConfig!;
        Assert.Equal((false, 64L), (host.Privileged, host.PidsLimit));
        Assert.Contains("no-new-privileges", host.SecurityOpt);
    }

    [Fact]
    public async Task Environment_HoldsTheTokensHashAndNeverTheToken()
    {
        var (spec, placement) = await StartAsync(fixture.Template with { Environment = new Dictionary<string, string> { ["GREETING"] = "hello", ["PORT"] = "1" } });

        var inside = (await RunAsync(placement, "cat /proc/1/environ | while read -r line; do echo $line; done; env")).Split('\n');
        Assert.Contains("GREETING=hello", inside);
        Assert.Contains("PORT=3000", inside);
        Assert.Contains($"RUNNER_ID={spec.RunnerId}", inside);
        Assert.Contains($"RUNNER_TOKEN_SHA256={Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(spec.Token)))}", inside);
        Assert.DoesNotContain(inside, line => line.Contains(spec.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Network_OtherRunnersAndTheHostsLoopback_CannotBeReached()
    {
        using var loopback = new TcpListener(IPAddress.Loopback, 0);
        loopback.Start();
        var (first, one) = await StartAsync(fixture.Template);
        var (_, two) = await StartAsync(fixture.Template);
        await Engine.WaitUntilReadyAsync(first, one, Cancel);
        var gateway = (await InspectAsync(two)).NetworkSettings!.Networks.Values.Single().Gateway;

        Assert.Equal("answers", await ReachAsync(one, one.Address!, 3000));
        Assert.Equal("silent", await ReachAsync(two, one.Address!, 3000));
        Assert.Equal("silent", await ReachAsync(two, gateway, one.Port!.Value));
        Assert.Equal("silent", await ReachAsync(two, gateway, ((IPEndPoint)loopback.LocalEndpoint).Port));
        Assert.Equal("silent", await ReachAsync(two, "127.0.0.1", ((IPEndPoint)loopback.LocalEndpoint).Port));
    }

    [Fact]
    public async Task Network_Outside_IsOnTheWayOut()
    {
        // A machine without a way out still shows that the containers' traffic is forwarded and masqueraded: a default route.
        var (_, placement) = await StartAsync(fixture.Template);

        Assert.Equal("routed", await RunAsync(placement,
            "while read iface destination rest; do [ $destination = 00000000 ] && echo routed; done < /proc/net/route"));
    }

    [Fact]
    public async Task NetworkNone_HasNoNetworkAndIsReadyWhenItRuns()
    {
        var spec = fixture.Spec(network: RunnerNetwork.None);

        var placement = await Engine.StartAsync(spec, Cancel);
        await Engine.WaitUntilReadyAsync(spec, placement, Cancel);

        Assert.Equal((null, (int?)null), (placement.Address, placement.Port));
        var listed = await Engine.FindAsync(spec.RunnerId, Cancel);
        Assert.Equal((RunnerNetwork.None, placement), (listed!.Network, listed.Placement));
        Assert.Equal("lo", await RunAsync(placement, "ls /sys/class/net"));
    }

    [Fact]
    public async Task HostAlias_Resolves()
    {
        var (_, placement) = await StartAsync(fixture.Template with { HostAlias = true });

        Assert.Contains("host.docker.internal", await RunAsync(placement, "cat /etc/hosts"), StringComparison.Ordinal);
    }

    private Task<string> ReachAsync(RunnerPlacement from, string host, int port) =>
        RunAsync(from, $"nc -w 2 {host} {port} < /dev/null > /dev/null 2>&1 && echo answers || echo silent");

    private async Task<(RunnerSpec Spec, RunnerPlacement Placement)> StartAsync(RunnerTemplate template)
    {
        var spec = fixture.Spec() with { Template = template };
        return (spec, await Engine.StartAsync(spec, Cancel));
    }

    private Task<ContainerInspectResponse> InspectAsync(RunnerPlacement placement) =>
        fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);

    private async Task<string> RunAsync(RunnerPlacement placement, string script)
    {
        var output = new TextOutput();
        var request = new ExecRequest(["sh", "-c", script], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(20));
        await Engine.ExecAsync(placement.Handle, request, output, Cancel);
        return output.Stdout.Trim();
    }
}
