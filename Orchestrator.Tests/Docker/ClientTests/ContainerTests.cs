using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

/// <summary>What the product relies on when it makes and removes containers, whichever flavour the client is of.</summary>
public sealed class ContainerTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IContainerOperations Containers => engine.Client.Containers;

    [Fact]
    public async Task CreateContainer_WithHardening_TheEngineHasEverySetting()
    {
        engine.Require();
        var wanted = engine.Container();
        wanted.Hostname = "tiny";
        wanted.User = "65534:65534";
        wanted.WorkingDir = "/tmp";
        wanted.Env = ["COLOUR=blue"];
        wanted.StopSignal = "SIGINT";
        wanted.StopTimeout = TimeSpan.FromSeconds(3);
        wanted.Healthcheck = new HealthcheckConfig { Test = ["CMD", "true"], Interval = TimeSpan.FromSeconds(30), Retries = 2 };
        wanted.HostConfig = new HostConfig
        {
            NetworkMode = "none",
            CapDrop = ["ALL"],
            CapAdd = ["CHOWN"],
            SecurityOpt = ["no-new-privileges"],
            ReadonlyRootfs = true,
            Tmpfs = new Dictionary<string, string> { ["/tmp"] = "size=16m,mode=1777" },
            Memory = 64L << 20,
            MemorySwap = 64L << 20,
            NanoCPUs = 500_000_000,
            PidsLimit = 32,
            Ulimits = [new Ulimit { Name = "nofile", Soft = 64, Hard = 128 }],
            Init = true,
            ShmSize = 8L << 20,
            ExtraHosts = ["host.docker.internal:10.0.0.1"],
            LogConfig = new LogConfig { Type = "json-file", Config = new Dictionary<string, string> { ["max-size"] = "1m" } },
            RestartPolicy = new RestartPolicy { Name = RestartPolicyKind.OnFailure, MaximumRetryCount = 2 },
            CgroupnsMode = "private",
            IpcMode = "private",
        };

        var id = await engine.StartAsync(wanted, Cancel);

        var found = await Containers.InspectContainerAsync(id, Cancel);
        Assert.Equal(("tiny", "65534:65534", "/tmp", "SIGINT"), (found.Config!.Hostname, found.Config.User, found.Config.WorkingDir, found.Config.StopSignal));
        Assert.Equal(TimeSpan.FromSeconds(3), found.Config.StopTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), found.Config.Healthcheck!.Interval);
        Assert.Contains("COLOUR=blue", found.Config.Env);
        var host = found.HostConfig!;
        Assert.Equal(["ALL"], host.CapDrop);
        Assert.Equal(["CHOWN"], host.CapAdd.Select(name => name.Replace("CAP_", "", StringComparison.Ordinal)));
        Assert.Equal(["no-new-privileges"], host.SecurityOpt);
        Assert.True(host.ReadonlyRootfs);
        Assert.Equal("size=16m,mode=1777", host.Tmpfs!["/tmp"]);
        Assert.Equal((64L << 20, 64L << 20, 500_000_000L, 32L), (host.Memory, host.MemorySwap, host.NanoCPUs, host.PidsLimit));
        var limit = Assert.Single(host.Ulimits);
        Assert.Equal(("nofile", 64L, 128L), (limit.Name, limit.Soft, limit.Hard));
        Assert.True(host.Init);
        Assert.Equal("1m", host.LogConfig.Config["max-size"]);
        Assert.Equal((RestartPolicyKind.OnFailure, 2L), (host.RestartPolicy.Name, host.RestartPolicy.MaximumRetryCount));
        Assert.True(found.State!.Running);
        Assert.True(found.State.Pid > 0);
        Assert.InRange(DateTime.UtcNow - found.Created, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task CreateContainer_FromAMissingImage_IsImageNotFound()
    {
        engine.Require();
        var wanted = engine.Container();
        wanted.Image = "orchestrator-tests/no-such-image:1";

        var error = await Assert.ThrowsAsync<DockerImageNotFoundException>(() => Containers.CreateContainerAsync(wanted, Cancel));

        Assert.Equal(HttpStatusCode.NotFound, error.StatusCode);
        Assert.Contains("no-such-image", error.ResponseBody);
    }

    [Fact]
    public async Task CreateContainer_WithATakenName_IsAConflict()
    {
        engine.Require();
        var wanted = engine.Container();
        wanted.Name = RealEngine.NewName();
        await Containers.CreateContainerAsync(wanted, Cancel);

        var error = await Assert.ThrowsAsync<DockerApiException>(() => Containers.CreateContainerAsync(wanted, Cancel));

        Assert.Equal(HttpStatusCode.Conflict, error.StatusCode);
        Assert.Contains(wanted.Name, error.ResponseBody);
    }

    [Fact]
    public async Task StartContainer_OnATakenPort_SaysSo()
    {
        engine.Require();
        var first = await engine.StartAsync(Published("0"), Cancel);
        var port = (await Containers.InspectContainerAsync(first, Cancel)).NetworkSettings!.Ports["80/tcp"][0].HostPort;
        var second = await Containers.CreateContainerAsync(Published(port), Cancel);

        var error = await Assert.ThrowsAsync<DockerApiException>(() => Containers.StartContainerAsync(second.ID, null, Cancel));

        Assert.Equal(HttpStatusCode.InternalServerError, error.StatusCode);
        Assert.Matches("port is already allocated|address already in use", error.ResponseBody!);

        CreateContainerParameters Published(string hostPort)
        {
            var wanted = engine.Container();
            wanted.ExposedPorts = new Dictionary<string, EmptyStruct> { ["80/tcp"] = default };
            wanted.HostConfig = new HostConfig
            {
                PortBindings = new Dictionary<string, IList<PortBinding>>
                {
                    ["80/tcp"] = [new PortBinding { HostIP = "127.0.0.1", HostPort = hostPort }],
                },
            };
            return wanted;
        }
    }

    [Fact]
    public async Task StartContainer_Twice_TheSecondChangesNothing()
    {
        engine.Require();
        var container = await Containers.CreateContainerAsync(engine.Container(), Cancel);

        Assert.True(await Containers.StartContainerAsync(container.ID, new ContainerStartParameters(), Cancel));
        Assert.False(await Containers.StartContainerAsync(container.ID, null, Cancel));
    }

    [Fact]
    public async Task ListContainers_ByLabel_GivesOursOnly()
    {
        engine.Require();
        var key = RealEngine.NewName();
        var wanted = engine.Container();
        wanted.Labels[key] = "a b&c=\"d\"";
        wanted.Name = RealEngine.NewName();
        var id = await engine.StartAsync(wanted, Cancel);
        var stopped = engine.Container("exit 7");
        stopped.Labels[key] = "other";
        var dead = await engine.StartAsync(stopped, Cancel);
        await Containers.WaitContainerAsync(dead, Cancel);

        var running = Assert.Single(await ListAsync(key, all: false));
        Assert.Equal((id, "running"), (running.ID, running.State));
        Assert.Equal(["/" + wanted.Name], running.Names);
        Assert.Equal("a b&c=\"d\"", running.Labels[key]);
        Assert.InRange(DateTime.UtcNow - running.Created, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        Assert.Equal([id, dead], (await ListAsync(key, all: true)).Select(found => found.ID).Order().OrderBy(found => found == dead));
        Assert.Equal(id, Assert.Single(await ListAsync($"{key}=a b&c=\"d\"", all: true)).ID);
    }

    [Fact]
    public async Task WaitContainer_WhenItExits_TellsTheCode()
    {
        engine.Require();
        var id = await engine.StartAsync("sleep 0.3; exit 7", Cancel);

        Assert.Equal(7, (await Containers.WaitContainerAsync(id, Cancel)).StatusCode);
        var state = (await Containers.InspectContainerAsync(id, Cancel)).State!;
        Assert.Equal(("exited", 7L, false), (state.Status, state.ExitCode, state.Running));
    }

    [Fact]
    public async Task WaitContainer_Cancelled_ReturnsAtOnce()
    {
        engine.Require();
        var id = await engine.StartAsync("sleep 600", Cancel);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var wait = Containers.WaitContainerAsync(id, cancel.Token);

        await Assertions.CancelsAsync(cancel, wait);
    }

    [Fact]
    public async Task RenameAndKill_ARunningContainer_TakeEffect()
    {
        engine.Require();
        var id = await engine.StartAsync("sleep 600", Cancel);
        var name = RealEngine.NewName();

        await Containers.RenameContainerAsync(id, new ContainerRenameParameters { NewName = name }, Cancel);
        Assert.Equal("/" + name, (await Containers.InspectContainerAsync(name, Cancel)).Name);

        await Containers.KillContainerAsync(id, new ContainerKillParameters { Signal = "SIGKILL" }, Cancel);
        Assert.Equal(137, (await Containers.WaitContainerAsync(id, Cancel)).StatusCode);
        Assert.False(await Containers.StopContainerAsync(id, new ContainerStopParameters { WaitBeforeKillSeconds = 1 }, Cancel));
    }

    [Fact]
    public async Task RemoveContainer_ForcedWhileRunning_IsGone()
    {
        engine.Require();
        var id = await engine.StartAsync("sleep 600", Cancel);

        await Assert.ThrowsAsync<DockerApiException>(
            () => Containers.RemoveContainerAsync(id, new ContainerRemoveParameters(), Cancel));
        await Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, Cancel);

        var error = await Assert.ThrowsAsync<DockerContainerNotFoundException>(() => Containers.InspectContainerAsync(id, Cancel));
        Assert.Equal(HttpStatusCode.NotFound, error.StatusCode);
        Assert.Contains(id, error.ResponseBody);
    }

    [Fact]
    public async Task EveryCall_AboutAContainerThatIsNotThere_IsContainerNotFound()
    {
        engine.Require();
        var id = RealEngine.NewName();
        Func<Task>[] calls =
        [
            () => Containers.InspectContainerAsync(id, Cancel),
            () => Containers.StartContainerAsync(id, null, Cancel),
            () => Containers.StopContainerAsync(id, new ContainerStopParameters(), Cancel),
            () => Containers.KillContainerAsync(id, new ContainerKillParameters(), Cancel),
            () => Containers.RenameContainerAsync(id, new ContainerRenameParameters { NewName = id + "2" }, Cancel),
            () => Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true }, Cancel),
            () => Containers.WaitContainerAsync(id, Cancel),
            () => Containers.GetContainerLogsAsync(id, new ContainerLogsParameters { ShowStdout = true }, Cancel),
            () => engine.Client.Exec.CreateContainerExecAsync(id, new ContainerExecCreateParameters { Cmd = ["true"] }, Cancel),
            () => engine.Client.Exec.StartContainerExecAsync(id, new ContainerExecStartParameters(), Cancel),
            () => engine.Client.Exec.InspectContainerExecAsync(id, Cancel),
        ];

        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<DockerContainerNotFoundException>(call);
        }
    }

    private Task<IList<ContainerListResponse>> ListAsync(string label, bool all) => Containers.ListContainersAsync(
        new ContainersListParameters
        {
            All = all,
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [label] = true } },
        },
        Cancel);
}
