using System.Net;
using System.Net.Sockets;
using System.Text;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>Callers that hold their connections and say nothing, or hardly anything.</summary>
public sealed class CrowdedListenerTests
{
    private const int Connections = 1_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("slow-connections", "load", "1,000 connections that send nothing, or one byte at a time", "all other callers are served")]
    public async Task Connections_ThousandIdleOrSlow_OthersAreServed()
    {
        // Both ends of every connection are ours, and other tests run beside.
        Components.RequireOpenFiles(4 * Connections);
        await using var host = await ApiHost.StartAsync();
        var crowd = new List<TcpClient>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", host.PortOf(Listener.Sessions), Cancel);
                crowd.Add(client);
            }

            var slow = crowd.Where((_, i) => i % 2 == 0).Select(client => DribbleAsync(client, stop.Token)).ToList();

            await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
            {
                var session = $"other-{i}";
                await host.Sessions.PostAsync("/api/runner/provision", null, ("X-Session-Id", session)).JsonAsync(201);
                await host.Sessions.PostAsync("/api/runner/heartbeat", null, ("X-Session-Id", session)).JsonAsync(200);
                await host.Sessions.PostAsync($"/api/runner/{session}/exec", """{"command":["echo","hi"]}""").JsonAsync(200);
                await host.Sessions.PostAsync("/task", $$$"""{"type":"add","input":{"a":{{{i}}},"b":1}}""").JsonAsync(202);
                await host.Sessions.PostAsync("/api/runner/deprovision", null, ("X-Session-Id", session)).JsonAsync(200);
            }));

            await stop.CancelAsync();
            await Task.WhenAll(slow);
        }
        finally
        {
            crowd.ForEach(client => client.Dispose());
        }

        Assert.Empty(host.Engine.Runners);
    }

    [Fact]
    [Fault("idle-connections", "load", "2,000 idle connections to a process that may open 420 files", "it survives, keeps serving known connections, and serves new ones once the idle ones are closed")]
    public async Task Connections_MoreThanOpenFiles_ProcessLivesAndRecovers()
    {
        const int Crowd = 2_000;
        Components.RequireLinux();
        Components.RequireOpenFiles(2 * Crowd);
        using var data = new TemporaryFolder();
        await using var server = await ServerProgram.StartWithOpenFilesAsync(420, data.Path);
        Assert.Equal(HttpStatusCode.OK, (await server.Pod.GetAsync("/alive", Cancel)).StatusCode);
        var crowd = new List<TcpClient>();
        try
        {
            for (var i = 0; i < Crowd; i++)
            {
                crowd.Add(new TcpClient());
                try
                {
                    await crowd[^1].ConnectAsync("127.0.0.1", server.Pod.BaseAddress!.Port, Cancel);
                }
                catch (SocketException)
                {
                    // Past its share: cut off as soon as accepted.
                }
            }

            // On the connection that was there before.
            Assert.Equal(HttpStatusCode.OK, (await server.Pod.GetAsync("/alive", Cancel)).StatusCode);

            // The crowd stays; its connections never send a request, and lose their places for it.
            using var newcomer = new HttpClient { BaseAddress = server.Pod.BaseAddress };
            await Eventually.TrueAsync(newcomer.IsServedAsync, TimeSpan.FromSeconds(60), "A newcomer's answer");
        }
        finally
        {
            crowd.ForEach(client => client.Dispose());
        }
    }

    private static async Task DribbleAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            foreach (var letter in Encoding.ASCII.GetBytes("POST /api/runner/provision HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4096\r\n\r\n{\"sessionId\":\"slow"))
            {
                await client.GetStream().WriteAsync(new[] { letter }, stop);
                await Pace.PauseAsync(100, stop);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // Told to end, or sent away for being slow.
        }
    }
}
