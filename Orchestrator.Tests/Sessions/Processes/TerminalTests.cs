using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions.Processes;

/// <summary>Terminals over WebSockets and the real guest.</summary>
public sealed partial class TerminalTests(GuestSession session) : IClassFixture<GuestSession>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Terminal_KeysAndSizes_ReachTheShell()
    {
        using var socket = await session.Client.Processes.OpenTerminalAsync(GuestSession.Id, 91, 31, cancellationToken: Cancel);

        await TypeAsync(socket, "stty size; echo $((6*7))x\n");
        await UntilAsync(socket, "31 91", "42x");
        await socket.SendAsync("""{"resize":{"cols":120,"rows":40}}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        await TypeAsync(socket, "stty size\n");
        await UntilAsync(socket, "40 120");
        await TypeAsync(socket, "exit\n");

        Assert.Equal(WebSocketCloseStatus.NormalClosure, await CloseOfAsync(socket));
    }

    [Fact]
    public async Task Terminal_LeftAndAttachedAgain_ShowsWhatWasThere()
    {
        int pid;
        using (var socket = await session.Client.Processes.OpenTerminalAsync(GuestSession.Id, cancellationToken: Cancel))
        {
            await TypeAsync(socket, "echo pid=$$.; kept=yes\n");
            pid = int.Parse(Pid().Match(await UntilAsync(socket, @"pid=\d+\.")).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        }

        using var again = await session.Client.Processes.OpenTerminalAsync(GuestSession.Id, pid: pid, cancellationToken: Cancel);
        await UntilAsync(again, @"pid=\d+\.");
        await TypeAsync(again, "echo $kept!\n");
        await UntilAsync(again, "yes!");
        await session.Client.Processes.SignalAsync(GuestSession.Id, pid, "KILL", Cancel);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await CloseOfAsync(again));
    }

    [Fact]
    public async Task Terminal_TextThatIsNoSize_ClosesWithWhy()
    {
        using var socket = await session.Client.Processes.OpenTerminalAsync(GuestSession.Id, command: "cat", cancellationToken: Cancel);

        await socket.SendAsync("ls"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);

        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, await CloseOfAsync(socket));
    }

    [Fact]
    public async Task Terminal_NoWebSocket_IsRefused() =>
        await session.Host.Sessions.SendAsync(HttpMethod.Get, $"/api/runner/{GuestSession.Id}/terminal").FailsAsync(426, "WEBSOCKET_REQUIRED");

    [Theory]
    [InlineData("https://evil.example", true, false)]
    [InlineData("http://localhost:5173", false, false)]
    [InlineData("http://localhost:5173", true, true)]
    public async Task Terminal_FromAPage_WantsItsSecretAndAnOwnOrigin(string origin, bool knowsSecret, bool allowed)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", origin);
        socket.Options.AddSubProtocol("orchestrator.terminal");
        socket.Options.AddSubProtocol($"orchestrator.page.{(knowsSecret ? session.Host.Get<PageSecret>().Value : new string('0', 64))}");
        socket.Options.CollectHttpResponseDetails = true;
        var opening = socket.ConnectAsync(
            new Uri($"ws://127.0.0.1:{session.Host.PortOf(Listener.Sessions)}/api/runner/{GuestSession.Id}/terminal?command=true"), Cancel);

        if (allowed)
        {
            await opening;
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => opening);
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task Terminal_SubProtocolOffered_IsChosenAndTellsThePidFirst()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("orchestrator.terminal");
        socket.Options.AddSubProtocol("orchestrator.key.bm90LXdhbnRlZA");

        await socket.ConnectAsync(
            new Uri($"ws://127.0.0.1:{session.Host.PortOf(Listener.Sessions)}/api/runner/{GuestSession.Id}/terminal?command=echo+pid%3D%24%24."), Cancel);

        Assert.Equal("orchestrator.terminal", socket.SubProtocol);
        var buffer = new byte[1_024];
        var first = await socket.ReceiveAsync(buffer, Cancel);
        Assert.Equal(WebSocketMessageType.Text, first.MessageType);
        var pid = (int)JsonNode.Parse(buffer.AsSpan(0, first.Count))!["pid"]!;
        await UntilAsync(socket, $@"pid={pid}\.");
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await CloseOfAsync(socket));
    }

    [GeneratedRegex(@"pid=(\d+)\.")]
    private static partial Regex Pid();

    private static Task TypeAsync(WebSocket socket, string keys) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(keys), WebSocketMessageType.Binary, endOfMessage: true, Cancel);

    private static async Task<string> UntilAsync(WebSocket socket, params string[] patterns)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var (seen, buffer) = (new StringBuilder(), new byte[16 << 10]);
        while (!patterns.All(pattern => Regex.IsMatch(seen.ToString(), pattern)))
        {
            var received = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.Equal(WebSocketMessageType.Binary, received.MessageType);
            seen.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        return seen.ToString();
    }

    private static async Task<WebSocketCloseStatus?> CloseOfAsync(WebSocket socket)
    {
        var buffer = new byte[16 << 10];
        while (await socket.ReceiveAsync(buffer, Cancel) is { MessageType: not WebSocketMessageType.Close })
        {
        }

        return socket.CloseStatus;
    }
}
