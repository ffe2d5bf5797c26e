using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The exceptions that the Docker client throws when an engine is away, silent or broken; error handling relies on them.</summary>
public sealed class DockerClientFailureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_ToASocketThatIsNotThere_IsHttpRequestException()
    {
        using var client = ClientOf(SocketPath());

        await Assert.ThrowsAsync<HttpRequestException>(() => client.System.PingAsync(Cancel));
        await Assert.ThrowsAsync<HttpRequestException>(
            () => client.Exec.StartContainerExecAsync("id", new ContainerExecStartParameters(), Cancel));
        await Assert.ThrowsAsync<HttpRequestException>(
            () => client.System.MonitorEventsAsync(new ContainerEventsParameters(), new ChannelProgress<Message>(), Cancel));
    }

    [Fact]
    public async Task Call_WithoutAnAnswerInTime_IsCancelledThoughTheCallerIsNot()
    {
        using var silent = new ScriptedSocket("");
        using var client = ClientOf(silent.Path, TimeSpan.FromMilliseconds(300));
        var watch = Stopwatch.StartNew();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.System.PingAsync(Cancel));

        Assert.InRange(watch.ElapsedMilliseconds, 200, 2000);
        Assert.False(Cancel.IsCancellationRequested);
    }

    [Fact]
    public async Task Call_WhoseBodyStops_IsCancelledInTimeToo()
    {
        using var silent = new ScriptedSocket("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ID\":\"x");
        using var client = ClientOf(silent.Path, TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.System.GetSystemInfoAsync(Cancel));
    }

    [Fact]
    public async Task Call_WhoseConnectionBreaksInAnAnswerOfKnownLength_IsJsonException()
    {
        using var broken = new ScriptedSocket("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ID\":\"x", hangUp: true);
        using var client = ClientOf(broken.Path);

        await Assert.ThrowsAsync<JsonException>(() => client.System.GetSystemInfoAsync(Cancel));
    }

    [Fact]
    public async Task Call_WhoseConnectionBreaksInAnAnswerInChunks_IsHttpRequestException()
    {
        using var broken = new ScriptedSocket("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"ID\":\"x", hangUp: true);
        using var client = ClientOf(broken.Path);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.System.GetSystemInfoAsync(Cancel));
    }

    [Fact]
    public async Task Call_AnsweredByGarbage_IsHttpRequestException()
    {
        using var broken = new ScriptedSocket("SSH-2.0-OpenSSH_9.2\r\n\r\n", hangUp: true);
        using var client = ClientOf(broken.Path);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.System.PingAsync(Cancel));
    }

    [Fact]
    public async Task Call_AnsweredByAnError_TellsTheStatusAndWhatTheEngineSaid()
    {
        const string Body = "{\"message\":\"no space left on device\"}";
        using var failing = new ScriptedSocket($"HTTP/1.1 500 Internal Server Error\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        using var client = ClientOf(failing.Path);

        var error = await Assert.ThrowsAsync<DockerApiException>(() => client.System.GetSystemInfoAsync(Cancel));

        Assert.Equal((HttpStatusCode.InternalServerError, Body), (error.StatusCode, error.ResponseBody));
    }

    [Fact]
    public async Task Call_WhoseConnectionBreaksBeforeTheAnswer_IsHttpRequestException()
    {
        using var broken = new ScriptedSocket("", hangUp: true);
        using var client = ClientOf(broken.Path);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.System.PingAsync(Cancel));
    }

    [Fact]
    public async Task Events_WhoseConnectionBreaks_AreAnInputOutputError()
    {
        const string Event = "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"x\",\"Attributes\":{}}}\n";
        using var broken = new ScriptedSocket(
            $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Event.Length:x}\r\n{Event}\r\n", hangUp: true);
        using var client = ClientOf(broken.Path);
        var events = new ChannelProgress<Message>();

        await Assert.ThrowsAnyAsync<IOException>(
            () => client.System.MonitorEventsAsync(new ContainerEventsParameters(), events, Cancel));

        Assert.Equal("start", Assert.Single(events.Drain()).Action);
    }

    private static DockerClient ClientOf(string path, TimeSpan? timeout = null) =>
        new DockerClientBuilder().WithEndpoint(new Uri("unix://" + path)).WithTimeout(timeout ?? TimeSpan.FromSeconds(10)).Build();

    private static string SocketPath() => Path.Combine(Path.GetTempPath(), $"orchestrator-{Guid.NewGuid():N}"[..26] + ".sock");

    /// <summary>Says the same to everybody who asks, then is silent or hangs up.</summary>
    private sealed class ScriptedSocket : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly List<Socket> _open = [];

        public ScriptedSocket(string answer, bool hangUp = false)
        {
            _listener.Bind(new UnixDomainSocketEndPoint(Path));
            _listener.Listen();
            _ = ServeAsync(answer, hangUp);
        }

        public string Path { get; } = SocketPath();

        public void Dispose()
        {
            _listener.Dispose();
            foreach (var socket in _open)
            {
                socket.Dispose();
            }

            File.Delete(Path);
        }

        private async Task ServeAsync(string answer, bool hangUp)
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                _open.Add(socket);
                await socket.ReceiveAsync(new byte[4096]);
                await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
                if (hangUp)
                {
                    socket.Dispose();
                }
            }
        }
    }
}
