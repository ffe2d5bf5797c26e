using System.Diagnostics;
using System.Text.Json;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>BullMQ as a separate process that takes a command a line; npm installs it at the first run.</summary>
internal sealed class BullMq : IAsyncDisposable
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "peers", "bullmq");

    private readonly Process _process;

    private BullMq(Process process) => _process = process;

    public static async Task<BullMq> StartAsync(int redisPort)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "bullmq")))
        {
            using var install = Process.Start(new ProcessStartInfo("npm", "install --no-package-lock") { WorkingDirectory = Folder, RedirectStandardOutput = true })!;
            await install.StandardOutput.ReadToEndAsync();
            await install.WaitForExitAsync();
            if (install.ExitCode != 0)
            {
                throw new InvalidOperationException("npm could not install BullMQ.");
            }
        }

        return new BullMq(Process.Start(new ProcessStartInfo("node", ["bench.mjs", $"{redisPort}"])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>Runs a command; returns milliseconds.</summary>
    public async Task<double[]> MeasureAsync(string command, int tasks)
    {
        await _process.StandardInput.WriteLineAsync($$"""{"command":"{{command}}","tasks":{{tasks}}}""");
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("BullMQ ended.");
        return JsonSerializer.Deserialize<double[]>(line)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
