using System.Buffers;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Guest;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Guest.Processes;

namespace Orchestrator.Tests.Guest;

/// <summary>What the guest's server answers besides processes and files.</summary>
public sealed class GuestDoorTests(GuestServer server) : IClassFixture<GuestServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_WithoutToken_IsNoContent()
    {
        using var client = new HttpClient { BaseAddress = server.Client.BaseAddress };

        using var response = await client.GetAsync("/health", Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/envs")]
    [InlineData("POST", "/reset")]
    [InlineData("POST", "/rotate")]
    [InlineData("POST", "/tunnel")]
    [InlineData("POST", "/process.Process/List")]
    public async Task AnyCall_WithoutToken_IsRefused(string method, string path)
    {
        using var client = new HttpClient { BaseAddress = server.Client.BaseAddress };
        client.DefaultRequestHeaders.Add("X-Access-Token", "another");

        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var code = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement.GetProperty("code");
        Assert.Equal(path.Contains('.', StringComparison.Ordinal) ? "\"unauthenticated\"" : "401", code.GetRawText());
    }

    [Fact]
    public async Task Envs_WithTheTokenInEitherHeader_HasNothingOfTheGuests()
    {
        using var client = new HttpClient { BaseAddress = server.Client.BaseAddress };
        client.DefaultRequestHeaders.Add("X-Access-Token", GuestServer.Token);

        var variables = await client.GetFromJsonAsync<Dictionary<string, string>>("/envs", Cancelled);

        Assert.Equal("1", variables!["PYTHONUNBUFFERED"]);
        Assert.DoesNotContain(variables.Keys, name => name.StartsWith("RUNNER_", StringComparison.Ordinal) || name.StartsWith("DOTNET_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rotate_NewToken_ReplacesTheOld()
    {
        await using var own = new GuestServer();
        await own.InitializeAsync();

        using (var response = await own.Client.PostAsync("/rotate", Json(SHA256.HashData("next"u8)), Cancelled))
        {
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await own.Client.GetAsync("/envs", Cancelled)).StatusCode);
        own.Client.DefaultRequestHeaders.Authorization = new("Bearer", "next");
        Assert.Equal(HttpStatusCode.OK, (await own.Client.GetAsync("/envs", Cancelled)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"tokenSha256":"zz"}""")]
    public async Task Rotate_NoHash_IsRefusedAndTheTokenStays(string body)
    {
        using var response = await server.Client.PostAsync("/rotate", new StringContent(body), Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/envs", Cancelled)).StatusCode);
    }

    [Fact]
    public async Task Reset_WithoutAWorkspaceOfItsOwn_RefusesAndSaysWhy()
    {
        using var response = await server.Client.PostAsync("/reset", null, Cancelled);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(CommandEnvironment.Workspace, await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tunnel_PortThatListens_CarriesBytesBothWays()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (socket, answer) = await OpenAsync(((IPEndPoint)listener.LocalEndpoint).Port);
        using var client = socket;
        var outside = client.GetStream();
        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        using var inside = await listener.AcceptTcpClientAsync(Cancelled);
        var sent = RandomNumberGenerator.GetBytes(3_000_000);

        var echo = EchoAsync(inside.GetStream());
        var sending = outside.WriteAsync(sent, Cancelled);
        var received = new byte[sent.Length];
        await outside.ReadExactlyAsync(received, Cancelled);
        await sending;

        Assert.Equal(sent, received);
        client.Close();
        await echo;
    }

    [Fact]
    public async Task Tunnel_PortThatNobodyListensOn_Is502WithThePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var (socket, answer) = await OpenAsync(port);
        socket.Dispose();

        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/tunnel", 400)]
    [InlineData("/tunnel?port=0", 400)]
    [InlineData("/tunnel?port=70000", 400)]
    [InlineData("/tunnel?port=80", 426)]
    public async Task Tunnel_WrongCall_IsRefused(string path, int status)
    {
        using var response = await server.Client.PostAsync(path, null, Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/connect+json", 415)]
    [InlineData("application/json; charset=utf-8", 200)]
    public async Task Connect_ContentType_IsJsonOrRefused(string type, int status)
    {
        var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await server.Client.PostAsync("/process.Process/List", content, Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("/process.Process/Dance", 501, "\"unimplemented\"")]
    [InlineData("/init", 404, "404")]
    public async Task Handle_UnknownPath_IsRefusedInItsForm(string path, int status, string code)
    {
        using var response = await server.Client.PostAsync(path, null, Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement.GetProperty("code").GetRawText());
    }

    [Fact]
    public async Task Bridge_StandardStreams_AreTheServersConnection()
    {
        using var bridge = RunnerProcess.Start(
            ["bridge"], redirectInput: true, environment: [(GuestSettings.PortVariable, $"{server.Client.BaseAddress!.Port}")]);
        await bridge.StandardInput.WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".AsMemory(), Cancelled);
        await bridge.StandardInput.FlushAsync(Cancelled);

        var answer = await bridge.StandardOutput.ReadToEndAsync(Cancelled);
        await bridge.WaitForExitAsync(Cancelled);

        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nOK", answer, StringComparison.Ordinal);
        Assert.Equal(0, bridge.ExitCode);
    }

    [Fact]
    public async Task Agent_CallerOfItsOwnUser_IsTurnedAway()
    {
        using var agent = RunnerProcess.Start(["agent"]);
        var request = new ArrayBufferWriter<byte>();
        FrameWriter.Write(request, FrameType.Request, new AgentRequest(Process: new ProcessRequest(["true"])).ToJson());
        var answer = -1;
        await Infrastructure.Eventually.TrueAsync(
            async () =>
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(Agent.EndPoint, Cancelled);
                }
                catch (SocketException)
                {
                    // Not there yet.
                    return false;
                }

                try
                {
                    await socket.SendAsync(request.WrittenMemory, Cancelled);
                    answer = await socket.ReceiveAsync(new byte[1], Cancelled);
                }
                catch (SocketException)
                {
                    // Closed before it was asked, or before it had read.
                    answer = 0;
                }

                return true;
            },
            what: "The agent's answer");

        Assert.Equal(0, answer);
        agent.Kill();
    }

    private static StringContent Json(byte[] hash) => new($$"""{"tokenSha256":"{{Convert.ToHexString(hash)}}"}""");

    private static async Task EchoAsync(NetworkStream stream)
    {
        var chunk = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(chunk, Cancelled)) > 0)
        {
            await stream.WriteAsync(chunk.AsMemory(0, count), Cancelled);
        }
    }

    private async Task<(TcpClient Client, string Answer)> OpenAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Client.BaseAddress!.Host, server.Client.BaseAddress.Port, Cancelled);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /tunnel?port={port} HTTP/1.1\r\nHost: x\r\nX-Access-Token: {GuestServer.Token}\r\nConnection: Upgrade\r\nUpgrade: tunnel\r\nContent-Length: 0\r\n\r\n"), Cancelled);
        var answer = new StringBuilder();
        var one = new byte[1];
        while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await client.GetStream().ReadAsync(one, Cancelled) > 0)
        {
            answer.Append((char)one[0]);
        }

        return (client, answer.ToString());
    }
}
