using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orchestrator.Benchmarks.Hosting;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>The peer of provisioning: a Node.js service of the classic kind (peers/classic); fetched by npm the first time.</summary>
internal sealed partial class ClassicPeer : IAsyncDisposable
{
    public const string Name = "classic Node.js service";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "peers", "classic");

    private readonly ServerProcess _server;
    private readonly string _instance;

    private ClassicPeer(ServerProcess server, string instance, Uri address) =>
        (_server, _instance, Client) = (server, instance, new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) });

    public HttpClient Client { get; }

    /// <param name="instance">The label of its containers.</param>
    /// <param name="image">The image of its runners.</param>
    /// <param name="network">The network of its runners; null for the engine's default, on which they see one another.</param>
    public static async Task<ClassicPeer> StartAsync(string instance, string image, string? network = null)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "dockerode")))
        {
            using var install = Process.Start(new ProcessStartInfo("npm", "ci") { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new InvalidOperationException("npm could not be started.");
            await Task.WhenAll(install.StandardOutput.ReadToEndAsync(), install.StandardError.ReadToEndAsync());
            await install.WaitForExitAsync();
            if (install.ExitCode != 0)
            {
                throw new InvalidOperationException("npm could not install the peer's packages.");
            }
        }

        var server = ServerProcess.StartProgram(
            "node", Folder, new Dictionary<string, string> { ["NODE_ENV"] = "production" }, Listening(),
            ["server.mjs", image, instance, "0", .. network is null ? Array.Empty<string>() : [network]]);
        return new ClassicPeer(server, instance, new Uri(Listening().Match(await server.ReadyLineAsync()).Groups[1].Value));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await RunnerContainers.RemoveAsync(_instance);
    }

    [GeneratedRegex("peer listens on (.*)")]
    private static partial Regex Listening();
}

/// <summary>The calls that both services have in common.</summary>
internal static class SessionCalls
{
    /// <summary>Provisions; gives the runner's endpoint.</summary>
    public static async Task<string> ProvisionAsync(this HttpClient client, string session)
    {
        var answer = await client.PostAsync("/api/runner/provision", session);
        using var body = JsonDocument.Parse(answer);
        return body.RootElement.GetProperty("endpoint").GetString()!;
    }

    public static Task DeprovisionAsync(this HttpClient client, string session) => client.PostAsync("/api/runner/deprovision", session);

    private static async Task<byte[]> PostAsync(this HttpClient client, string path, string session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "X-Session-Id", session } } };
        using var answer = await client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
