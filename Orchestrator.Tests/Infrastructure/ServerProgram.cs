using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>A server of ours as a process of its own, which can be killed.</summary>
internal sealed partial class ServerProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private ServerProgram(Process process) => _process = process;

    /// <summary>Calls to its pod listener.</summary>
    public HttpClient Pod { get; } = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Its sessions listener; null for a worker, which has none.</summary>
    public Uri? Sessions { get; private set; }

    public int ProcessId => _process.Id;

    /// <summary>Every line that it wrote so far.</summary>
    public string Said
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Starts the embedded process, without a pool of runners.</summary>
    public static Task<ServerProgram> StartEmbeddedAsync(string dataFolder, params string[] settings) =>
        StartAsync(new ProcessStartInfo("dotnet"), "Orchestrator.Api.dll", [.. EmbeddedSettings(dataFolder), .. settings]);

    /// <summary>Starts it as a process that may open only so many files.</summary>
    public static Task<ServerProgram> StartWithOpenFilesAsync(int openFiles, string dataFolder) =>
        StartAsync(
            new ProcessStartInfo("sh") { ArgumentList = { "-c", $"ulimit -n {openFiles}; exec dotnet \"$@\"", "sh" } },
            "Orchestrator.Api.dll", EmbeddedSettings(dataFolder));

    /// <summary>Starts a worker on Redis.</summary>
    public static Task<ServerProgram> StartWorkerAsync(string redis, params string[] settings) =>
        StartAsync(new ProcessStartInfo("dotnet"), "Orchestrator.Worker.dll", [$"--ConnectionStrings:redis={redis}", .. settings]);

    private static string[] EmbeddedSettings(string dataFolder) =>
    [
        "--PORT=0", "--MACHINES_PORT=0", "--Engine=process", "--Runners:Instance=test", "--Runners:MinIdle=0", "--Machines:MinIdle=0",
        $"--Storage:DataFolder={dataFolder}",
    ];

    private static async Task<ServerProgram> StartAsync(ProcessStartInfo start, string dll, string[] settings)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, dll), "--POD_PORT=0", "--environment=Development", "--Logging:LogLevel:Default=Warning", .. settings])
        {
            start.ArgumentList.Add(argument);
        }

        var program = new ServerProgram(Subprocess.Start(start));
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        program._process.OutputDataReceived += (_, e) => program.Take(e.Data, ready);
        program._process.ErrorDataReceived += (_, e) => program.Take(e.Data, ready);
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        try
        {
            program.Pod.BaseAddress = await ready.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            return program;
        }
        catch (TimeoutException)
        {
            await program.DisposeAsync();
            throw new TimeoutException($"The server did not get ready: {program.Said}");
        }
    }

    /// <summary>Ends it as kill -9 does.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        _process.Dispose();
        Pod.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Take(string? line, TaskCompletionSource<Uri> ready)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
        }

        if (ReadyLine().Match(line) is { Success: true } match)
        {
            Sessions = SessionsListener().Match(line) is { Success: true } sessions ? new Uri($"http://localhost:{sessions.Groups[1].Value}") : null;
            ready.TrySetResult(new Uri($"http://127.0.0.1:{match.Groups[1].Value}"));
        }
    }

    [GeneratedRegex(@"Orchestrator is ready:.*pod http://[^:]+:(\d+)")]
    private static partial Regex ReadyLine();

    [GeneratedRegex(@"sessions http://[^:]+:(\d+)")]
    private static partial Regex SessionsListener();
}
