using System.Diagnostics;
using System.Text;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Script;

/// <summary>A run of the script of this repository, as somebody at a terminal would start it.</summary>
internal sealed class ScriptRun : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public ScriptRun(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", ["-c", "exec ./orchestrator \"$@\" 2>&1 < /dev/null", "bash", .. arguments])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Subprocess.Start(start);
        _process.OutputDataReceived += (_, line) =>
        {
            lock (_output)
            {
                _output.Append(line.Data).Append('\n');
            }
        };
        _process.BeginOutputReadLine();
    }

    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    public int ProcessId => _process.Id;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync(TimeSpan within)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It did not end within {within}. It said:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits until it has said something.</summary>
    public async Task SaysAsync(string text, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited, $"It ended with {(_process.HasExited ? _process.ExitCode : 0)}. It said:\n{Output}");
            Assert.True(watch.Elapsed < within, $"It did not say '{text}' within {within}, but:\n{Output}");
            await Pace.PauseAsync(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks it to stop, as a supervisor does.</summary>
    public void Terminate()
    {
        using var kill = Subprocess.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
