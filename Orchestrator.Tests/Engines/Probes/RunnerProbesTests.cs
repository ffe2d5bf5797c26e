using System.Net;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.Engines.Probes;

namespace Orchestrator.Tests.Engines.Probes;

/// <summary>What is believed of a runner's answers, over a real connection.</summary>
public sealed class RunnerProbesTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ProbeHttpClient _client = new();

    public RunnerProbesTests() => _listener.Start();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _listener.Dispose();
        _client.Dispose();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", true)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("SSH-2.0-OpenSSH\r\n", false)]
    public async Task HttpProbe_Answer_IsReadyBelow500(string answer, bool ready)
    {
        var answering = AnswerAsync(answer);

        Assert.Equal(ready, await new HttpProbe(_client, new Uri($"http://127.0.0.1:{Port}/healthz")).IsReadyAsync(Cancel));

        Assert.StartsWith("GET /healthz HTTP/1.1", await answering, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpProbe_EndlessBody_IsReadyWithoutReadingIt()
    {
        var answering = AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx", keepOpen: true);

        Assert.True(await new HttpProbe(_client, new Uri($"http://127.0.0.1:{Port}/")).IsReadyAsync(Cancel));

        await answering;
    }

    [Fact]
    public async Task TcpProbe_NobodyListens_IsNotReady()
    {
        var port = Port;
        Assert.True(await new TcpProbe("127.0.0.1", port).IsReadyAsync(Cancel));
        _listener.Stop();
        Assert.False(await new TcpProbe("127.0.0.1", port).IsReadyAsync(Cancel));
    }

    [Theory]
    [InlineData("12.5", 12.5)]
    [InlineData("0", 0.0)]
    [InlineData("-1", null)]
    [InlineData("NaN", null)]
    [InlineData("1e300", null)]
    [InlineData("soon", null)]
    [InlineData("1.00000000000000000000000000000000000000000000000000000000000000000000000", null)]
    public async Task GetIdleTime_Body_IsTakenOnlyAsAShortNumber(string body, double? seconds)
    {
        var answering = AnswerAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        var idle = await Probes("127.0.0.1").GetIdleTimeAsync(Placement(Port), bridge: null, Cancel);

        Assert.Equal(seconds, idle?.TotalSeconds);
        Assert.StartsWith("GET /activity ", await answering, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetIdleTime_NoAnswer_IsNullWithinASecond()
    {
        var answering = AnswerAsync("", keepOpen: true);

        Assert.Null(await Probes("127.0.0.1").GetIdleTimeAsync(Placement(Port), bridge: null, Cancel).WaitAsync(TimeSpan.FromSeconds(5), Cancel));

        await answering;
        _listener.Stop();
        Assert.Null(await Probes("127.0.0.1").GetIdleTimeAsync(Placement(Port), bridge: null, Cancel));
        Assert.Null(await Probes("127.0.0.1").GetIdleTimeAsync(Placement(null), bridge: null, Cancel));
    }

    [Theory]
    [InlineData("0.0.0.0", null)]
    [InlineData("10.255.255.1", "127.0.0.1")]
    public async Task Probes_WildcardOrAnotherAddress_AreAskedWhereTheyAnswer(string bind, string? probeHost)
    {
        var answering = AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7");

        Assert.Equal(TimeSpan.FromSeconds(7), await Probes(bind, probeHost).GetIdleTimeAsync(Placement(Port), bridge: null, Cancel));

        await answering;
    }

    [Fact]
    public async Task UntilReady_PathOfTwoSlashes_StaysOnTheRunner()
    {
        var answering = AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var template = new RunnerTemplate
        {
            Name = "session",
            IdPrefix = "runner",
            Image = "x",
            Ready = new Readiness(ReadinessKind.Http, "//example.org/x", TimeSpan.FromSeconds(5)),
        };
        var spec = new RunnerSpec("runner-1", template, null, "token", RunnerNetwork.Bridge, null);

        await Probes("127.0.0.1").UntilReadyAsync(spec, Placement(Port), bridge: null, _ => Task.FromResult<string?>(null), Cancel);

        Assert.StartsWith("GET //example.org/x ", await answering, StringComparison.Ordinal);
    }

    private RunnerProbes Probes(string bind, string? probeHost = null) => new(
        _client, new ReadinessWait(TimeProvider.System), new PublishedPorts(new RunnersOptions { Bind = bind, ProbeHost = probeHost }), TimeProvider.System);

    private static RunnerPlacement Placement(int? port) => new("c", "x", "i", "127.0.0.1", port);

    private async Task<string> AnswerAsync(string answer, bool keepOpen = false)
    {
        using var socket = await _listener.AcceptSocketAsync(Cancel);
        var buffer = new byte[4096];
        var count = await socket.ReceiveAsync(buffer, Cancel);
        if (answer.Length > 0)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(answer), Cancel);
        }

        if (keepOpen)
        {
            await socket.ReceiveAsync(buffer.AsMemory(count), Cancel);
        }

        return Encoding.ASCII.GetString(buffer, 0, count);
    }
}
