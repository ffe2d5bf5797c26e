using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// A real Redis or Valkey of a test's own: random port, own folder. It can be killed and started again on the same data:
/// the append-only file is written, though not made safe against a power cut, before every answer.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    /// <summary>The programs that every store is held against; tests of one skip themselves where it is missing, but for CI.</summary>
    public const string Redis = "redis-server";

    public const string Valkey = "valkey-server";

    private readonly string _program;
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-redis-").FullName;
    private Process? _process;

    private RedisServer(string program)
    {
        _program = program;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>Starts one of its own on an empty folder.</summary>
    public static async Task<RedisServer> StartNewAsync(string program = Redis)
    {
        var server = new RedisServer(Components.Require(program));
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(_program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--appendonly", "yes", "--appendfsync", "no", "--save", "", "--daemonize", "no"])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Subprocess.Start(start);
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port);
                await using var stream = client.GetStream();
                await stream.WriteAsync("PING\r\n"u8.ToArray());
                var answer = new byte[7];
                if (await stream.ReadAtLeastAsync(answer, 5, throwOnEndOfStream: false) >= 5 && answer[0] == '+')
                {
                    return;
                }
            }
            catch (SocketException) when (tries < 200)
            {
                // Not listening yet.
            }

            Assert.True(tries < 200, "The Redis server does not answer.");
            await Pace.PauseAsync(50);
        }
    }

    /// <summary>Lets time pass by the servers' clock, which is the machine's.</summary>
    public static async Task LetPassAsync(TimeSpan time)
    {
        var end = DateTimeOffset.UtcNow + time;
        for (var left = time; left > TimeSpan.Zero; left = end - DateTimeOffset.UtcNow)
        {
            // Nobody can set the server's clock; and timers, by a coarser one, may end some milliseconds early.
            await Task.Delay(left, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Forgets everything it has.</summary>
    public async Task FlushAsync() => Assert.Equal("+OK", await AskAsync("FLUSHALL"));

    /// <summary>Sends a command as it stands and gives the first line of the answer, with its sign.</summary>
    public async Task<string> AskAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync() ?? "";
    }

    public void Kill()
    {
        _process?.Kill();
        _process?.WaitForExit();
    }

    /// <summary>Stops it for a while without ending it: connections stay open and nothing is answered.</summary>
    public void Pause() => Signal("STOP");

    public void Continue() => Signal("CONT");

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Kill();
        }

        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Signal(string name)
    {
        using var kill = Subprocess.Start("kill", [$"-{name}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }
}
