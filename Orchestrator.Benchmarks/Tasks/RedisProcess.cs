using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>The benchmark's own Redis (or Valkey), with the append-only file on, for ours and the peer alike.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private static readonly string[] Programs = ["redis-server", "valkey-server"];

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-bench-redis-").FullName;
    private readonly Process _process;

    private RedisProcess(string program)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in (string[])["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--appendonly", "yes", "--save", ""])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
    }

    public int Port { get; }

    public static async Task<RedisProcess> StartAsync()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var program = Programs.FirstOrDefault(name => path.Any(folder => File.Exists(Path.Combine(folder, name))))
            ?? throw new InvalidOperationException("Neither redis-server nor valkey-server is installed.");
        var redis = new RedisProcess(program);
        for (var attempts = 0; ; attempts++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, redis.Port);
                return redis;
            }
            catch (SocketException) when (attempts < 100)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>
    /// Deletes all data and rewrites the append-only file, so that no measurement overlaps a rewrite of the previous one's
    /// data.
    /// </summary>
    public async Task EmptyAsync()
    {
        await CallAsync("FLUSHALL");
        await CallAsync("BGREWRITEAOF");
        do
        {
            await Task.Delay(20);
        }
        while ((await CallAsync("INFO persistence")).Contains("aof_rewrite_in_progress:1", StringComparison.Ordinal));
    }

    private async Task<string> CallAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{command}\r\nQUIT\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
