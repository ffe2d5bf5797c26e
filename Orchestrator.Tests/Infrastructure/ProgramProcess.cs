using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>One of our programs as a process of its own, that can be killed like any other.</summary>
internal sealed partial class ProgramProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly Dictionary<string, Uri> _listeners = [];

    private ProgramProcess(Process process) => _process = process;

    /// <summary>Starts a program and waits until it says that it is ready.</summary>
    public static async Task<ProgramProcess> StartAsync(string program, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var own = new ProgramProcess(Subprocess.Start(start));
        own._process.ErrorDataReceived += (_, _) => { };
        own._process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(StartLimit);
        while (await own._process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("Orchestrator is ready: ", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (Match listener in Listener().Matches(line))
            {
                own._listeners[listener.Groups[1].Value] = new Uri(listener.Groups[2].Value);
            }
            // Read on, or it would stop when the pipe is full.
            _ = own._process.StandardOutput.ReadToEndAsync();
            return own;
        }

        await own.DisposeAsync();
        throw new InvalidOperationException($"{program} did not start.");
    }

    /// <summary>Where a listener is: <c>sessions</c>, <c>machines</c> or <c>pod</c>.</summary>
    public Uri AddressOf(string listener) => _listeners[listener];

    /// <summary>Kills it without a word.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"(sessions|machines|pod) (http://[^\s,]+)")]
    private static partial Regex Listener();
}
