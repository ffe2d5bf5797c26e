using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.Tests.Security;

namespace Orchestrator.Tests.Engines;

/// <summary>Ports that an engine published on 127.0.0.1, on the other address that localhost has.</summary>
public sealed class LocalhostRelayTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public LocalhostRelayTests() => _server.Start();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Open_Port_PassesBytesBothWaysUntilEachSideEnds()
    {
        using var relay = new LocalhostRelay(new RunnersOptions());
        relay.Open(Port);
        relay.Open(Port);

        using var client = new TcpClient(AddressFamily.InterNetworkV6);
        await client.ConnectAsync(IPAddress.IPv6Loopback, Port, Cancel);
        using var served = await _server.AcceptTcpClientAsync(Cancel);
        var stream = client.GetStream();
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var sending = Task.Run(
            async () =>
            {
                await stream.WriteAsync(sent, Cancel);
                client.Client.Shutdown(SocketShutdown.Send);
            },
            Cancel);

        Assert.Equal(sent, await ReadAsync(served.GetStream()));
        await sending;
        // Half of the connection is still open.
        await served.GetStream().WriteAsync("bye"u8.ToArray(), Cancel);
        served.Close();
        Assert.Equal("bye"u8.ToArray(), await ReadAsync(stream));
    }

    [Fact]
    public async Task Open_NothingBehindThePort_ClosesTheConnection()
    {
        using var relay = new LocalhostRelay(new RunnersOptions());
        relay.Open(Port);
        var port = Port;
        _server.Stop();

        using var client = new TcpClient(AddressFamily.InterNetworkV6);
        await client.ConnectAsync(IPAddress.IPv6Loopback, port, Cancel);

        Assert.Empty(await ReadAsync(client.GetStream()));
    }

    [Fact]
    public async Task Keep_PortThatTwoListingsLack_IsServedNoMore()
    {
        using var relay = new LocalhostRelay(new RunnersOptions());
        relay.Open(Port);

        relay.Keep([]);
        Assert.True(await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, Port));
        relay.Keep([Port]);
        relay.Keep([]);
        Assert.True(await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, Port));
        relay.Keep([]);
        Assert.False(await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, Port));
        relay.Keep([Port]);
        Assert.True(await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, Port));
    }

    [Theory]
    [InlineData("runners.example.com", "127.0.0.1", null)]
    [InlineData("127.0.0.1", "127.0.0.1", null)]
    [InlineData("localhost", "0.0.0.0", null)]
    [InlineData("localhost", "127.0.0.1", "host.docker.internal")]
    public async Task Open_EndpointsElsewhere_ServesNothing(string host, string bind, string? probe)
    {
        using var relay = new LocalhostRelay(new RunnersOptions { Host = host, Bind = bind, ProbeHost = probe });

        relay.Open(Port);

        Assert.False(await Listeners.AcceptsAsync(IPAddress.IPv6Loopback, Port));
    }

    [Fact]
    public async Task Open_TakenByAnotherProcess_IsLeftToIt()
    {
        using var other = new TcpListener(IPAddress.IPv6Loopback, Port);
        other.Start();
        using var relay = new LocalhostRelay(new RunnersOptions { Host = "http://LOCALHOST" });

        relay.Open(Port);

        using var client = new TcpClient(AddressFamily.InterNetworkV6);
        await client.ConnectAsync(IPAddress.IPv6Loopback, Port, Cancel);
        using var served = await other.AcceptTcpClientAsync(Cancel);
        Assert.True(served.Connected);
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        using var read = new MemoryStream();
        try
        {
            await stream.CopyToAsync(read, Cancel);
        }
        catch (IOException)
        {
            // Reset instead of closed: as good an end.
        }

        return read.ToArray();
    }
}
