using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>A registry of a test's own on loopback, where engines pull without TLS.</summary>
internal sealed class LocalRegistry : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    private LocalRegistry()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Address = $"localhost:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    /// <summary>What stands before the names of its images.</summary>
    public string Address { get; }

    /// <summary>Starts an empty one.</summary>
    public static async Task<LocalRegistry> StartAsync(CancellationToken cancellationToken)
    {
        var program = Components.Require("docker-registry");
        var registry = new LocalRegistry();
        var file = Path.Combine(Directory.CreateDirectory(registry._folder.Path).FullName, "registry.yml");
        await File.WriteAllTextAsync(
            file,
            $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: "{{registry._folder.Path}}/images" }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:{{registry.Address.Split(':')[1]}}" }
            """,
            cancellationToken);
        registry._process = Subprocess.Start(new ProcessStartInfo(program, ["serve", file]) { RedirectStandardOutput = true, RedirectStandardError = true });
        registry._process.OutputDataReceived += (_, _) => { };
        registry._process.ErrorDataReceived += (_, _) => { };
        registry._process.BeginOutputReadLine();
        registry._process.BeginErrorReadLine();
        using var client = new HttpClient();
        await Eventually.TrueAsync(() => registry.AnswersAsync(client, cancellationToken), TimeSpan.FromSeconds(30), "The registry's answer");
        return registry;
    }

    /// <summary>Pushes an image of the engine under another name; the engine keeps no tag of it.</summary>
    /// <returns>The name to pull.</returns>
    public async Task<string> PushAsync(IDockerClient engine, string image, string name, string tag, CancellationToken cancellationToken)
    {
        var repository = $"{Address}/{name}";
        await engine.Images.TagImageAsync(image, new ImageTagParameters { RepositoryName = repository, Tag = tag }, cancellationToken);
        try
        {
            var progress = new ChannelProgress<JSONMessage>();
            await engine.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, new AuthConfig(), progress, cancellationToken);
        }
        finally
        {
            await engine.Images.DeleteImageAsync($"{repository}:{tag}", new ImageDeleteParameters(), CancellationToken.None);
        }

        using var client = new HttpClient();
        using var there = await client.GetAsync(new Uri($"http://{Address}/v2/{name}/tags/list"), cancellationToken);
        Assert.True(there.IsSuccessStatusCode, $"{name} was not pushed.");
        return $"{repository}:{tag}";
    }

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> AnswersAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://{Address}/v2/"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
