using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orchestrator.AppHost;
using Orchestrator.Tests.AppHost.Containers;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Deploy;

/// <summary>
/// <c>deploy/compose.yaml</c>, brought up by docker-compose from a registry on loopback: our images are published there by
/// the SDK, and Debian's servers stand in for the others under their names.
/// </summary>
public sealed class ComposeFixture : ComponentFixture
{
    private const string Key = "a-key-for-the-compose-tests";
    private static readonly TimeSpan PublishLimit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan ComposeLimit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly string _name = $"compose-{Guid.NewGuid():N}"[..20];
    private readonly Dictionary<string, string> _variables = [];
    private LocalRegistry? _registry;
    private string _compose = "";

    /// <summary>Its runners on the engine.</summary>
    internal InstanceContainers Runners { get; private set; } = null!;

    /// <summary>Calls with the key.</summary>
    internal HttpClient Api { get; private set; } = null!;

    /// <summary>Calls without a key.</summary>
    internal HttpClient Stranger { get; private set; } = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected override async ValueTask StartAsync()
    {
        _compose = Components.Require("docker-compose");
        Components.Require("docker-registry");
        await InstanceContainers.RequireAsync();
        Runners = new InstanceContainers(_name);
        _registry = await LocalRegistry.StartAsync(Stop);
        await LocalImages.EnsureServersAsync(Runners.Client, Stop);
        foreach (var (image, tag) in ((string, string)[])
            [(Composition.Images.Redis, Composition.Images.RedisTag), (Composition.Images.Prometheus, Composition.Images.PrometheusTag), ("base", "1")])
        {
            await _registry.PushAsync(Runners.Client, $"{LocalImages.Servers}:{LocalImages.ServersTag}", image, tag, Stop);
        }

        foreach (var project in (string[])["Orchestrator.Api", "Orchestrator.Worker"])
        {
            await PublishAsync(project);
        }

        var port = FreePort();
        SetVariables(port, (await RunAsync("stat", ["-L", "-c", "%g", Components.EngineSocket], ComposeLimit)).Trim());
        // Debian's Prometheus is older than the OTLP receiver.
        await File.WriteAllTextAsync(
            Path.Combine(Directory.CreateDirectory(_folder.Path).FullName, "stand-ins.yaml"),
            """
            version: "3.9"
            services:
              prometheus:
                command: ["--config.file=/etc/prometheus/prometheus.otlp.yml", "--storage.tsdb.path=/prometheus"]
            """,
            Stop);
        await ComposeAsync("up", "-d");
        Api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };
        Api.DefaultRequestHeaders.Add("X-API-Key", Key);
        Stranger = new HttpClient { BaseAddress = Api.BaseAddress };
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_variables.Count > 0)
            {
                await ComposeAsync("down", "-v", "--rmi", "all", "-t", "10");
            }
        }
        finally
        {
            Api?.Dispose();
            Stranger?.Dispose();
            try
            {
                await (Runners?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
            finally
            {
                await (_registry?.DisposeAsync() ?? ValueTask.CompletedTask);
                _folder.Dispose();
            }
        }
    }

    /// <summary>Runs docker-compose on the file.</summary>
    /// <returns>What it writes.</returns>
    internal Task<string> ComposeAsync(params string[] arguments) => RunAsync(
        _compose,
        ["-p", _name, "-f", Path.Combine(Repository.Root, "deploy", "compose.yaml"), "-f", Path.Combine(_folder.Path, "stand-ins.yaml"), .. arguments],
        ComposeLimit);

    /// <summary>The ids of a service's containers.</summary>
    internal async Task<string[]> ContainersOfAsync(string service) =>
        (await ComposeAsync("ps", "-q", service)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private Task<string> PublishAsync(string project) => RunAsync(
        "dotnet",
        [
            "publish", Path.Combine(Repository.Root, project), "-t:PublishContainer", "-c", "Release", "-nologo", "-v", "quiet", "--use-current-runtime", "--self-contained",
            "--artifacts-path", Path.Combine(Repository.Root, "artifacts", "images"), $"-p:ContainerBaseImage={_registry!.Address}/base:1",
            $"-p:ContainerRegistry={_registry.Address}", "-p:ContainerImageTag=tested", "-p:RunAnalyzers=false",
        ],
        PublishLimit);

    private void SetVariables(int port, string group)
    {
        _variables["API_KEY"] = Key;
        _variables["DOCKER_GROUP"] = group;
        _variables["REGISTRY"] = _registry!.Address;
        _variables["API_IMAGE"] = $"{_registry.Address}/orchestrator-api:tested";
        _variables["WORKER_IMAGE"] = $"{_registry.Address}/orchestrator-worker:tested";
        _variables["INSTANCE"] = _name;
        _variables["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        _variables["MACHINES_PORT"] = FreePort().ToString(CultureInfo.InvariantCulture);
        _variables["PROMETHEUS_PORT"] = FreePort().ToString(CultureInfo.InvariantCulture);
        _variables["POD_PORTS"] = "28080-28089";
    }

    private async Task<string> RunAsync(string program, string[] arguments, TimeSpan within)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _variables)
        {
            start.Environment[name] = value;
        }

        using var limit = new CancellationTokenSource(within);
        using var process = Subprocess.Start(start);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {within.TotalSeconds} s: {await output}{await errors}");
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        return await output;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
