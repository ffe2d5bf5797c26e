using System.Net;
using System.Security.Cryptography;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>Behaviour of the Docker client that the product relies on.</summary>
public sealed class DockerClientTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IContainerOperations Containers => engine.Client.Containers;

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
    public async Task Exec_WhenInputIsClosed_SeesItsEndAndStillAnswers()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await engine.Client.Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters
            {
                Cmd = ["sh", "-c", "wc -c; echo after; sleep 0.2; echo later >&2"],
                AttachStdin = true,
                AttachStdout = true,
                AttachStderr = true,
            },
            Cancel);

        using var stream = await engine.Client.Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel);
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        await stream.WriteAsync(bytes, 0, 40_000, Cancel);
        await stream.WriteAsync(bytes, 40_000, 60_000, Cancel);
        stream.CloseWrite();

        Assert.Equal(("100000\nafter\n", "later\n"), await stream.ReadOutputToEndAsync(Cancel));
    }

    [Fact]
    public async Task Exec_WithATerminal_IsOneStreamWithoutFrames()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await engine.Client.Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters { Cmd = ["sh", "-c", "echo out; echo err >&2"], AttachStdout = true, AttachStderr = true, TTY = true },
            Cancel);

        using var stream = await engine.Client.Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters { TTY = true }, Cancel);

        Assert.Equal(("out\r\nerr\r\n", ""), await stream.ReadOutputToEndAsync(Cancel));
    }
}
