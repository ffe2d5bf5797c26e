using System.Net.Sockets;
using System.Text.Json.Nodes;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Tests.Sandbox;

/// <summary>The engine's own view of containers, where Docker.DotNet's stand-in has no call for it.</summary>
internal sealed class EngineHttp : IDisposable
{
    private readonly HttpClient _client;

    public EngineHttp()
    {
        var endpoint = DockerEndpoint.Resolve(new DockerOptions { Host = Environment.GetEnvironmentVariable("DOCKER_HOST") });
        var handler = new SocketsHttpHandler();
        if (endpoint.Scheme == "unix")
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.LocalPath), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        var address = endpoint.Scheme == "unix" ? new Uri("http://engine") : new UriBuilder(endpoint) { Scheme = "http" }.Uri;
        _client = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public async Task<JsonNode?> GetAsync(string path) => JsonNode.Parse(await _client.GetStringAsync(path));

    public void Dispose() => _client.Dispose();
}
