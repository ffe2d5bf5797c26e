using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Orchestrator.Client;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// The program as operators run it: a process of its own on the real engine, under an instance name, on ports and with
/// a data folder that only this test has, and that outlive its end. Without a pool unless a setting says otherwise.
/// </summary>
internal sealed partial class ApiServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-live-");
    private readonly ConcurrentQueue<string> _output = new();
    private readonly string[] _settings;
    private readonly (string Name, string Value)[] _variables;
    private Process? _process;

    private ApiServer(string? instance, (string Name, string Value)[] variables, string[] settings)
    {
        _variables = variables;
        Instance = instance ?? $"live-{Guid.NewGuid():N}"[..20];
        Containers = new InstanceContainers(Instance);
        FirstMachinePort = FreePorts.Take(20);
        var port = FreePorts.Take(3);
        _settings =
        [
            "--Engine=docker", $"--Runners:Instance={Instance}", $"--Storage:DataFolder={Data}",
            $"--PORT={port}", $"--MACHINES_PORT={port + 1}", $"--POD_PORT={port + 2}",
            "--Runners:MinIdle=0", "--Machines:MinIdle=0", $"--Machines:FirstPort={FirstMachinePort}",
            .. settings,
        ];
    }

    /// <summary>The label that tells its containers.</summary>
    public string Instance { get; }

    /// <summary>The folder of its store.</summary>
    public string Data => Path.Combine(_folder.FullName, "data");

    public int FirstMachinePort { get; }

    /// <summary>What it has said since it was last started, the oldest line first.</summary>
    public IEnumerable<string> Said => _output.Reverse().TakeWhile(line => !line.StartsWith("--- started", StringComparison.Ordinal)).Reverse();

    /// <summary>What it has on the engine.</summary>
    public InstanceContainers Containers { get; }

    /// <summary>The program's process, while it runs.</summary>
    public int ProcessId => _process!.Id;

    public HttpClient Sessions { get; private set; } = null!;

    public HttpClient Machines { get; private set; } = null!;

    /// <summary>The same two listeners as programs call them.</summary>
    public OrchestratorClient Client { get; private set; } = null!;

    /// <summary>Its pod listener; not there with Redis, where that is a worker's.</summary>
    public HttpClient Pod { get; private set; } = null!;

    /// <summary>Starts it and waits until it is ready; settings are as on the command line.</summary>
    public static Task<ApiServer> StartAsync(params string[] settings) => StartAsync(null, [], settings);

    /// <summary>Starts it with environment variables of its own.</summary>
    public static Task<ApiServer> StartAsync((string Name, string Value)[] variables, params string[] settings) =>
        StartAsync(null, variables, settings);

    /// <summary>Starts another instance of the same orchestrator, which shares engine and Redis with it.</summary>
    public Task<ApiServer> StartAnotherAsync(params string[] settings) => StartAnotherAsync([], settings);

    /// <summary>Starts another instance with environment variables of its own.</summary>
    public Task<ApiServer> StartAnotherAsync((string Name, string Value)[] variables, params string[] settings) =>
        StartAsync(Instance, variables, settings);

    private static async Task<ApiServer> StartAsync(string? instance, (string Name, string Value)[] variables, string[] settings)
    {
        await InstanceContainers.RequireAsync();
        var server = new ApiServer(instance, variables, settings);
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it on the same ports and data, after it ended; settings given here win over those of before.</summary>
    public async Task StartAgainAsync(params string[] changed)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Orchestrator.Api.dll"), .. _settings, .. changed])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        foreach (var (name, value) in _variables)
        {
            start.Environment[name] = value;
        }

        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _output.Enqueue($"--- started at {DateTime.UtcNow:HH:mm:ss.fff}");
        var process = Subprocess.Start(start);
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("The server ended before it was ready."));
        process.EnableRaisingEvents = true;
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var addresses = Address().Matches(await ready.Task.WaitAsync(StartLimit)).Select(match => new Uri(match.Value)).ToList();
        (Sessions, Machines) = (NewClient(addresses[0]), NewClient(addresses[1]));
        Client = new OrchestratorClient(Sessions, new OrchestratorClientOptions { SessionsAddress = addresses[0], MachinesAddress = addresses[1] });
        if (addresses.Count > 2)
        {
            Pod = NewClient(addresses[2]);
        }

        void Take(string? line)
        {
            if (line is null)
            {
                return;
            }

            _output.Enqueue(line);
            if (line.StartsWith("Orchestrator is ready:", StringComparison.Ordinal))
            {
                ready.TrySetResult(line);
            }
        }
    }

    /// <summary>Asks it to stop, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        return await ExitAsync();
    }

    /// <summary>Sends a signal by its name, as <c>kill</c> does.</summary>
    public async Task SignalAsync(string signal)
    {
        _output.Enqueue($"--- SIG{signal} at {DateTime.UtcNow:HH:mm:ss.fff}");
        using var kill = Subprocess.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Kills it without a warning, and waits until it is dead.</summary>
    public async Task KillAsync()
    {
        await SignalAsync("KILL");
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _process?.Dispose();
        foreach (var client in new[] { Sessions, Machines, Pod })
        {
            client?.Dispose();
        }
        // Shown with a failure only.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(Environment.NewLine, _output.TakeLast(300)));
        await Containers.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Ends it in any case; what it has on the engine stays.</summary>
    public async Task EndAsync()
    {
        if (_process is { HasExited: false })
        {
            try
            {
                // A stopped one would not see the other signal.
                await SignalAsync("CONT");
                await StopAsync();
            }
            catch (TimeoutException)
            {
                _process.Kill();
                await _process.WaitForExitAsync();
            }
        }
    }

    private async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server did not end within {StopLimit.TotalSeconds} s.");
        }

        return _process.ExitCode;
    }

    private static HttpClient NewClient(Uri address) => new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(150) };

    [GeneratedRegex(@"http://[^\s,]+")]
    private static partial Regex Address();
}
