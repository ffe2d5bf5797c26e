using System.Diagnostics;
using System.Net.Sockets;

namespace Orchestrator.Launcher;

/// <summary>One program of the composition, as a process of its own. Whatever becomes of it, it is never started again.</summary>
internal sealed class Part : IDisposable
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Process _process;

    /// <summary>Starts it; each of its lines is shown behind its name.</summary>
    public Part(string name, IReadOnlyList<string> command, IEnumerable<(string Name, string Value)> variables)
    {
        Name = name;
        // In a session of its own: Ctrl+C reaches the launcher alone, which then stops the parts in their order.
        var whole = Machine.Find("setsid") is { } setsid ? [setsid, .. command] : command;
        var start = new ProcessStartInfo(whole[0], whole.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        variables.ToList().ForEach(variable => start.Environment[variable.Name] = variable.Value);
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        DataReceivedEventHandler show = (_, line) => Console.Write(line.Data is { Length: > 0 } text ? $"{name,-11} | {text}\n" : "");
        _process.OutputDataReceived += show;
        _process.ErrorDataReceived += show;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }
    public Task Ended => _process.WaitForExitAsync();
    public int ExitCode => _process.ExitCode;

    /// <summary>Waits until a path answers, or without one the port.</summary>
    /// <returns>Why it does not; null when it does.</returns>
    public async Task<string?> WaitAsync(int port, string? path, TimeSpan within, CancellationToken stop)
    {
        for (var watch = Stopwatch.StartNew(); !_process.HasExited && watch.Elapsed < within; await Task.Delay(100, stop))
        {
            try
            {
                using var connection = new TcpClient("127.0.0.1", port);
                if (path is null || (await Client.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), stop)).IsSuccessStatusCode)
                {
                    return null;
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException || (e is OperationCanceledException && !stop.IsCancellationRequested))
            {
                // Not listening yet.
            }
        }

        return _process.HasExited ? $"ended with {ExitCode}" : $"did not answer within {within.TotalSeconds} s";
    }

    /// <summary>Asks it to stop, and kills it when it does not.</summary>
    public async Task StopAsync(TimeSpan patience, bool withChildren)
    {
        await (_process.HasExited ? Task.CompletedTask : SignalAsync("TERM", _process.Id));
        await Task.WhenAny(Ended, Task.Delay(patience));
        if (!_process.HasExited)
        {
            Console.WriteLine($"orchestrator: {Name} does not stop within {patience.TotalSeconds} s and is killed");
            _process.Kill();
            await Ended;
        }

        await (withChildren ? SignalAsync("KILL", -_process.Id) : Task.CompletedTask);
    }

    public void Dispose() => _process.Dispose();

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-s", signal, "--", $"{process}"]) { RedirectStandardError = true })!;
        await kill.WaitForExitAsync();
    }
}
