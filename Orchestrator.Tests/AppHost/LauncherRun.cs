using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>The launcher as a process of its own: the whole composition on random ports, with state of its own.</summary>
internal sealed partial class LauncherRun : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    private static readonly string[] Ports =
        ["PORT", "MACHINES_PORT", "POD_PORT", "POD_PORT_2", "REDIS_PORT", "PROMETHEUS_PORT", "DASHBOARD_PORT", "OTLP_GRPC_PORT", "OTLP_HTTP_PORT"];

    private readonly TemporaryFolder _data = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Dictionary<string, Uri> _addresses = [];
    private readonly Process _process;
    private bool _started;

    private LauncherRun(string program, string[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [program, "--data", _data.Path, "--engine", "process", "--", .. settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var port in Ports)
        {
            start.Environment[port] = "0";
        }

        _process = new Process { StartInfo = start };
    }

    /// <summary>The folder of its state.</summary>
    public string Data => _data.Path;

    /// <summary>What it and its parts have said.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Starts everything, and waits until all is up; settings go to the parts.</summary>
    public static Task<LauncherRun> StartAsync(params string[] settings) =>
        StartProgramAsync(Path.Combine(Repository.Root, "eng", "launcher"), "Orchestrator.Launcher", settings);

    /// <summary>The same of another project that is the launcher.</summary>
    /// <param name="project">The project's folder.</param>
    /// <param name="program">Its assembly's name.</param>
    /// <param name="settings">What the parts are told.</param>
    public static async Task<LauncherRun> StartProgramAsync(string project, string program, params string[] settings)
    {
        if (!OperatingSystem.IsLinux())
        {
            Components.Missing("The process engine needs Linux.");
        }

        Components.Require("prometheus");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var run = new LauncherRun(Path.Combine(project, "bin", configuration, "net10.0", $"{program}.dll"), settings);
        try
        {
            await run.StartAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a part is; a part that is not installed skips the test, or fails it where nothing may be missing.</summary>
    public Uri AddressOf(string part)
    {
        if (!_addresses.ContainsKey(part))
        {
            Components.Missing($"The launcher has no {part} here: {string.Join(' ', _lines.Where(line => line.Contains("missing", StringComparison.Ordinal)))}");
        }

        return _addresses[part];
    }

    /// <summary>A client for a part.</summary>
    public HttpClient Client(string part) => new() { BaseAddress = AddressOf(part), Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Waits until a line contains a text.</summary>
    public Task SaysAsync(string text, TimeSpan within) => Eventually.TrueAsync(
        () => _lines.Any(line => line.Contains(text, StringComparison.Ordinal)), within, $"The launcher's '{text}'");

    /// <summary>Kills a part and all that it started, without a word; it is told by what its command line contains.</summary>
    public async Task KillAsync(string part)
    {
        var killed = ChildrenOf(_process.Id).Where(child => CommandOf(child).Contains(part, StringComparison.Ordinal)).ToList();
        Assert.Single(killed);
        // Each is the leader of a group of its own.
        await SignalAsync("KILL", -killed[0]);
    }

    /// <summary>Asks it to stop, and waits until it has.</summary>
    /// <returns>Its exit code, and the parts that are left.</returns>
    public async Task<(int Code, IReadOnlyList<string> Left)> StopAsync()
    {
        var parts = ChildrenOf(_process.Id);
        await SignalAsync("TERM", _process.Id);
        using var limit = new CancellationTokenSource(StopLimit);
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, [.. parts.Select(CommandOf).Where(command => command.Length > 0)]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_started && !_process.HasExited)
        {
            try
            {
                await StopAsync();
            }
            catch (OperationCanceledException)
            {
                foreach (var child in ChildrenOf(_process.Id))
                {
                    await SignalAsync("KILL", -child);
                }

                _process.Kill();
            }
        }

        _process.Dispose();
        // Leased and idle runners outlive their server.
        foreach (var stat in Directory.Exists(_data.Path) ? Directory.GetFiles(_data.Path, "stat", SearchOption.AllDirectories) : [])
        {
            await SignalAsync("KILL", int.Parse((await File.ReadAllTextAsync(stat)).Split(' ')[0], CultureInfo.InvariantCulture));
        }
        // Shown with a failure only.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(Environment.NewLine, _lines.TakeLast(300)));
        _data.Dispose();
    }

    private async Task StartAsync()
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => up.TrySetException(new InvalidOperationException($"The launcher ended: {string.Join('\n', _lines)}"));
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _started = _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await up.Task.WaitAsync(StartLimit);

        void Take(string? line)
        {
            if (line is null)
            {
                return;
            }

            _lines.Enqueue(line);
            if (Address().Match(line) is { Success: true } address)
            {
                foreach (var (name, uri) in Pairs(address.Groups[1].Value, address.Groups[2].Value))
                {
                    _addresses[name] = uri;
                }
                // The last to be started is the last to be told.
                if (address.Groups[1].Value == "prometheus")
                {
                    up.TrySetResult();
                }
            }
        }
    }

    private static IEnumerable<(string Name, Uri Address)> Pairs(string first, string rest)
    {
        var words = $"{first} {rest}".Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Chunk(2).Select(pair => (pair[0], new Uri(pair[1].Contains("://", StringComparison.Ordinal) ? pair[1] : $"tcp://{pair[1]}")));
    }

    private static IReadOnlyList<int> ChildrenOf(int process) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).Where(id => ParentOf(id) == process),
    ];

    private static int ParentOf(int process)
    {
        try
        {
            return int.Parse(File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    // Empty for one that is gone.
    private static string CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ').Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-s", signal, "--", process.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
        await kill.WaitForExitAsync();
    }

    [GeneratedRegex(@"^  (redis|dashboard|api|worker-\d|prometheus) +(\S.*)$")]
    private static partial Regex Address();
}
