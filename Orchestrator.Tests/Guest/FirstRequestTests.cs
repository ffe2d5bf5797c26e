using System.Net;
using System.Net.Sockets;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Tests.Guest;

/// <summary>The runner's own first question to itself.</summary>
public sealed class FirstRequestTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    public async Task Make_ServerListens_AsksForItsHealthAndWaitsForTheAnswer(string host)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var making = Task.Run(() => FirstRequest.Make(UriOf(host, server), FirstRequest.Health), Cancelled);

        using var asked = await server.AcceptTcpClientAsync(Cancelled).AsTask().WaitAsync(Limit, Cancelled);
        using var reader = new StreamReader(asked.GetStream());
        Assert.Equal("GET /healthz HTTP/1.1", await reader.ReadLineAsync(Cancelled));
        Assert.False(making.IsCompleted);
        asked.Close();

        await making.WaitAsync(Limit, Cancelled);
    }

    [Fact]
    public void Make_NobodyListens_Returns()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var address = UriOf("127.0.0.1", server);
        server.Stop();

        FirstRequest.Make(address, FirstRequest.Health);
    }

    private static Uri UriOf(string host, TcpListener server) => new($"http://{host}:{((IPEndPoint)server.LocalEndpoint).Port}");
}
