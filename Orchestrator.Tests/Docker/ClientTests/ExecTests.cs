using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

/// <summary>Commands beside a container's own: their three streams, their ends, and what a cancelled wait leaves.</summary>
public sealed class ExecTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IExecOperations Exec => engine.Client.Exec;

    [Fact]
    public async Task Exec_OutputAndError_ArriveApart()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (id, stream) = await StartAsync(container, "for i in 1 2 3; do echo out$i; echo err$i >&2; done; exit 3");

        using (stream)
        {
            var (output, error) = await stream.ReadOutputToEndAsync(Cancel);
            Assert.Equal(("out1\nout2\nout3\n", "err1\nerr2\nerr3\n"), (output, error));
        }

        var ended = await Exec.InspectContainerExecAsync(id, Cancel);
        Assert.Equal((false, 3L, container), (ended.Running, ended.ExitCode, ended.ContainerID));
    }

    [Fact]
    public async Task Exec_WhenInputIsClosed_SeesItsEndAndStillAnswers()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (_, stream) = await StartAsync(container, "wc -c; echo after; sleep 0.2; echo later >&2");

        using (stream)
        {
            var bytes = RandomNumberGenerator.GetBytes(100_000);
            await stream.WriteAsync(bytes, 0, 40_000, Cancel);
            await stream.WriteAsync(bytes, 40_000, 60_000, Cancel);
            stream.CloseWrite();
            var (output, error) = await stream.ReadOutputToEndAsync(Cancel);
            Assert.Equal(("100000\nafter\n", "later\n"), (output, error));
        }
    }

    [Fact]
    public async Task Exec_Interactive_AnswersLineByLine()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (_, stream) = await StartAsync(container, "while read -r line; do echo \"<$line>\"; done; echo end");

        using (stream)
        {
            for (var i = 0; i < 20; i++)
            {
                await WriteAsync(stream, $"line {i}\n");
                Assert.Equal($"<line {i}>\n", await ReadAsync(stream));
            }

            stream.CloseWrite();
            Assert.Equal("end\n", await ReadAsync(stream));
            Assert.Equal("", await ReadAsync(stream));
        }
    }

    [Fact]
    public async Task Exec_LargeBinaryBothWays_ArrivesIntact()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (_, stream) = await StartAsync(container, "cat");
        var sent = RandomNumberGenerator.GetBytes(8 << 20);

        using (stream)
        {
            using var received = new MemoryStream();
            var reading = stream.CopyOutputToAsync(Stream.Null, received, Stream.Null, Cancel);
            using var source = new MemoryStream(sent);
            await stream.CopyFromAsync(source, Cancel);
            stream.CloseWrite();
            await reading;
            Assert.True(sent.AsSpan().SequenceEqual(received.GetBuffer().AsSpan(0, (int)received.Length)));
        }
    }

    [Fact]
    public async Task Exec_Output_ArrivesWhileTheCommandRuns()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (_, stream) = await StartAsync(container, "while read -r line; do echo pong; done");

        using (stream)
        {
            await WriteAsync(stream, "ping\n");
            Assert.Equal("pong\n", await ReadAsync(stream));
            var watch = Stopwatch.StartNew();
            await WriteAsync(stream, "ping\n");
            Assert.Equal("pong\n", await ReadAsync(stream));
            Assert.InRange(watch.ElapsedMilliseconds, 0, 500);
        }
    }

    [Fact]
    public async Task Exec_WithATerminal_IsOneStreamWithoutFrames()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters { Cmd = ["sh", "-c", "echo out; echo err >&2"], AttachStdout = true, AttachStderr = true, TTY = true },
            Cancel);

        using var stream = await Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters { TTY = true }, Cancel);

        Assert.Equal(("out\r\nerr\r\n", ""), await stream.ReadOutputToEndAsync(Cancel));
    }

    [Fact]
    public async Task Exec_AReadCancelled_ReturnsAtOnceAndTheCommandGoesOn()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var (id, stream) = await StartAsync(container, "sleep 30");

        using (stream)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            await Assertions.CancelsAsync(cancel, stream.ReadOutputAsync(new byte[16], 0, 16, cancel.Token));
        }

        Assert.True((await Exec.InspectContainerExecAsync(id, Cancel)).Running);
    }

    [Fact]
    public async Task Exec_Unattached_RunsOnByItself()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await Exec.CreateContainerExecAsync(
            container, new ContainerExecCreateParameters { Cmd = ["sh", "-c", "sleep 0.5; touch /tmp/done"] }, Cancel);

        (await Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel)).Dispose();

        Assert.True((await Exec.InspectContainerExecAsync(created.ID, Cancel)).Running);
        var (_, stream) = await StartAsync(container, "while [ ! -e /tmp/done ]; do sleep 0.1; done; echo seen");
        using (stream)
        {
            Assert.Equal("seen\n", (await stream.ReadOutputToEndAsync(Cancel)).stdout);
        }
    }

    [Fact]
    public async Task Exec_OfAProgramThatIsNotThere_EndsWith126Or127()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await Exec.CreateContainerExecAsync(
            container, new ContainerExecCreateParameters { Cmd = ["/no/such/program"], AttachStdout = true, AttachStderr = true }, Cancel);

        try
        {
            using var stream = await Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel);
            Assert.Contains("no such file", (await stream.ReadOutputToEndAsync(Cancel)).stdout);
        }
        catch (DockerApiException e)
        {
            Assert.Contains("no such file", e.ResponseBody);
        }

        Assert.InRange((await Exec.InspectContainerExecAsync(created.ID, Cancel)).ExitCode ?? -1, 126, 127);
    }

    [Fact]
    public async Task Exec_WithUserEnvironmentAndFolder_HasThem()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters
            {
                Cmd = ["sh", "-c", "id -u; echo $COLOUR; pwd"],
                User = "65534",
                Env = ["COLOUR=blue"],
                WorkingDir = "/tmp",
                AttachStdout = true,
            },
            Cancel);

        using var stream = await Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel);

        Assert.Equal("65534\nblue\n/tmp\n", (await stream.ReadOutputToEndAsync(Cancel)).stdout);
    }

    [Fact]
    public async Task Exec_ManyAtOnce_DoNotMixTheirStreams()
    {
        engine.Require();
        var container = await engine.StartAsync("sleep 600", Cancel);

        var outputs = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var (_, stream) = await StartAsync(container, $"read -r line; for i in 1 2 3; do echo \"$line\"; done; echo e{i} >&2");
            using (stream)
            {
                await WriteAsync(stream, $"hello {i}\n");
                return await stream.ReadOutputToEndAsync(Cancel);
            }
        }));

        for (var i = 0; i < outputs.Length; i++)
        {
            Assert.Equal(($"hello {i}\nhello {i}\nhello {i}\n", $"e{i}\n"), outputs[i]);
        }
    }

    private async Task<(string Id, MultiplexedStream Stream)> StartAsync(string container, string script)
    {
        var created = await Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters { Cmd = ["sh", "-c", script], AttachStdin = true, AttachStdout = true, AttachStderr = true },
            Cancel);
        return (created.ID, await Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel));
    }

    private static Task WriteAsync(MultiplexedStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return stream.WriteAsync(bytes, 0, bytes.Length, Cancel);
    }

    private static async Task<string> ReadAsync(MultiplexedStream stream)
    {
        var buffer = new byte[1024];
        var result = await stream.ReadOutputAsync(buffer, 0, buffer.Length, Cancel);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }
}
