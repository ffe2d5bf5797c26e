using System.Runtime.InteropServices;
using static Orchestrator.AppHost.Composition;
using static Orchestrator.Launcher.Machine;

namespace Orchestrator.Launcher;

/// <summary>The whole composition on this machine: started in order, watched, and stopped the other way round.</summary>
internal sealed class Run(string data, string engine, string[] settings) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly int _sessions = Port(Variables.SessionsPort, Ports.Sessions);
    private readonly int _machines = Port(Variables.MachinesPort, Ports.Machines);
    private readonly int[] _pods = [Port(Variables.PodPort, Ports.Pod), Port("POD_PORT_2", Ports.Pod + 1)];
    private readonly int _redis = Port("REDIS_PORT", Ports.Redis);
    private readonly int _prometheus = Port("PROMETHEUS_PORT", Ports.Prometheus);
    private readonly int _dashboard = Port("DASHBOARD_PORT", Ports.Dashboard);
    private readonly int _otlpGrpc = Port("OTLP_GRPC_PORT", Ports.OtlpGrpc);
    private readonly int _otlpHttp = Port("OTLP_HTTP_PORT", Ports.OtlpHttp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(Part Part, string Address)> _parts = [];

    /// <summary>Starts all and waits until it is told to stop; the exit code is 0 when no part ended by itself.</summary>
    public async Task<int> ToTheEndAsync()
    {
        var signals = ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(signal => PosixSignalRegistration.Create(signal, told =>
        {
            told.Cancel = true;
            _stop.Cancel();
        })).ToList();
        var pidFile = Path.Combine(Directory.CreateDirectory(data).FullName, "launcher.pid");
        await File.WriteAllTextAsync(pidFile, $"{Environment.ProcessId}");
        try
        {
            await StartAllAsync();
            Say("all is up; Ctrl+C stops it");
            _parts.ForEach(one => Console.WriteLine($"  {one.Part.Name,-11} {one.Address}"));
            await Task.WhenAll(_parts.Select(one => WatchAsync(one.Part))).WaitAsync(_stop.Token);
            return 1;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return _parts.Exists(one => one.Part.Ended.IsCompleted) ? 1 : 0;
        }
        finally
        {
            await StopAllAsync();
            File.Delete(pidFile);
            signals.ForEach(signal => signal.Dispose());
        }
    }

    public void Dispose() => _stop.Dispose();

    private static void Say(string text) => Console.WriteLine($"orchestrator: {text}");

    private async Task StartAllAsync()
    {
        var hasRedis = await StartAsync(Names.Redis, $"127.0.0.1:{_redis}", _redis, null, Find("valkey-server", "redis-server"),
            ["--port", $"{_redis}", "--bind", "127.0.0.1", "--dir", Folder(Names.Redis), "--appendonly", "yes", "--save", "", "--loglevel", "warning"],
            missing: "Valkey or Redis (Debian: redis-server); so the API is its own and only worker");
        var otlp = $"http://127.0.0.1:{_otlpHttp}";
        var hasDashboard = await StartAsync(Names.Dashboard, $"http://localhost:{_dashboard}  otlp {otlp}", _dashboard, "/", await AspireAsync(_stop.Token),
            ["dashboard", "run", "--nologo", "--non-interactive", "--allow-anonymous", "--frontend-url", $"http://127.0.0.1:{_dashboard}",
                "--otlp-grpc-url", $"http://127.0.0.1:{_otlpGrpc}", "--otlp-http-url", otlp],
            [("ASPIRE_CLI_TELEMETRY_OPTOUT", "true"), ("NO_COLOR", "1")], "the Aspire dashboard; traces and logs are not collected", optional: true);

        List<(string, string)> shared = [(Variables.Environment, Environment.GetEnvironmentVariable(Variables.Environment) ?? "Development")];
        shared.AddRange(hasRedis ? [(Variables.Redis, $"127.0.0.1:{_redis}")] : []);
        shared.AddRange(hasDashboard ? [(Variables.OtlpEndpoint, otlp), (Variables.OtlpProtocol, "http/protobuf"), .. Variables.Hasty] : []);
        var api = $"http://localhost:{_sessions}";
        await StartAsync("api", $"{api}  machines http://localhost:{_machines}", _sessions, "/alive", "dotnet",
            [Ours("Orchestrator.Api"), $"--Engine={engine}", $"--Storage:DataFolder={data}", .. settings],
            [.. shared, .. Identity(Names.Api, "api"), (Variables.SessionsPort, $"{_sessions}"), (Variables.MachinesPort, $"{_machines}"), (Variables.PodPort, $"{_pods[0]}"),
                (Variables.DashboardLink, hasDashboard ? $"http://localhost:{_dashboard}" : ""),
                (Variables.PrometheusLink, Find("prometheus") is null ? "" : $"http://localhost:{_prometheus}")]);
        int[] pods = hasRedis ? _pods : []; // without Redis the API is the worker
        foreach (var (pod, name) in pods.Select((pod, index) => (pod, $"worker-{index + 1}")))
        {
            await StartAsync(name, $"http://localhost:{pod}", pod, "/alive", "dotnet", [Ours("Orchestrator.Worker"), .. settings],
                [.. shared, .. Identity(Names.Worker, name), (Variables.PodPort, $"{pod}"), (Variables.ApiUrl, api)]);
        }

        var (source, folder) = (Path.Combine(Root, "Orchestrator.AppHost", "prometheus"), Folder(Names.Prometheus));
        var text = WithPorts(await File.ReadAllTextAsync($"{source}/prometheus.yml", _stop.Token), $"{source}/rules", _prometheus, _sessions, pods);
        await File.WriteAllTextAsync($"{folder}/prometheus.yml", text, _stop.Token);
        await StartAsync(Names.Prometheus, $"http://localhost:{_prometheus}", _prometheus, "/-/ready", Find("prometheus"),
            [$"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=7d",
                $"--web.listen-address=127.0.0.1:{_prometheus}", "--log.level=warn"],
            missing: "Prometheus (Debian: prometheus); /metrics is there for another one to scrape", optional: true);
    }

    private static (string, string)[] Identity(string service, string instance) =>
        [(Variables.ServiceName, service), (Variables.ResourceAttributes, $"service.instance.id={instance}")];

    private string Folder(string part) => Directory.CreateDirectory(Path.Combine(data, part)).FullName;

    private async Task<bool> StartAsync(
        string name, string address, int port, string? path, string? program, string[] arguments,
        (string, string)[]? variables = null, string? missing = null, bool optional = false)
    {
        if (program is null)
        {
            Say($"missing: {missing}");
            return false;
        }

        var part = new Part(name, [program, .. arguments], variables ?? []);
        _parts.Add((part, address));
        if (await part.WaitAsync(port, path, StartLimit, _stop.Token) is not { } problem)
        {
            return true;
        }

        Say(optional ? $"{name} {problem}; going on without it" : throw new LaunchException($"{name} {problem}; see its lines above"));
        return false;
    }

    private async Task WatchAsync(Part part)
    {
        await part.Ended;
        if (!_stop.IsCancellationRequested)
        {
            Say($"{part.Name} ended with {part.ExitCode}; it is not started again, the others go on");
        }
    }

    // First who takes work in and who does it, then what they need.
    private async Task StopAllAsync()
    {
        Say("stopping");
        static bool IsService((Part Part, string) one) => one.Part.Name == "api" || one.Part.Name.StartsWith("worker", StringComparison.Ordinal);
        await Task.WhenAll(_parts.Where(IsService).Select(one => one.Part.StopAsync(Patience, withChildren: false)));
        await Task.WhenAll(_parts.Where(one => !IsService(one)).Select(one => one.Part.StopAsync(Patience, withChildren: true)));
        Say("stopped");
    }
}
