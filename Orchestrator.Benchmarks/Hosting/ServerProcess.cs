using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Orchestrator.Benchmarks.Hosting;

/// <summary>A server of ours or a peer as a separate process, observed by its output and its answers.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TaskCompletionSource<string> _readyLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _output = [];

    private ServerProcess(Process process, Regex ready)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data, ready);
        process.ErrorDataReceived += (_, line) => Take(line.Data, ready);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _readyLine.TrySetException(new InvalidOperationException(
            $"The server exited before it was ready:{Environment.NewLine}{string.Join(Environment.NewLine, _output)}"));
    }

    /// <summary>The time of the process's start, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long StartedAt { get; private init; }

    /// <summary>The memory it occupies, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a program of ours.</summary>
    public static ServerProcess Start(string dll, IReadOnlyDictionary<string, string> environment, Regex ready, params string[] arguments) =>
        StartProgram("dotnet", Path.GetDirectoryName(dll)!, environment, ready, [dll, .. arguments]);

    /// <summary>Starts any program; it is ready once it prints a matching line.</summary>
    public static ServerProcess StartProgram(
        string program, string folder, IReadOnlyDictionary<string, string> environment, Regex ready, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var startedAt = Stopwatch.GetTimestamp();
        var server = new ServerProcess(new Process { StartInfo = start }, ready) { StartedAt = startedAt };
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>The line that reports readiness.</summary>
    public Task<string> ReadyLineAsync() => _readyLine.Task.WaitAsync(ReadyLimit);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(35));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private void Take(string? line, Regex ready)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.Add(line);
        }

        if (ready.IsMatch(line))
        {
            _readyLine.TrySetResult(line);
        }
    }
}
