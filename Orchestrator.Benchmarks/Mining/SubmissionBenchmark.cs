using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Benchmarks.Tasks;

namespace Orchestrator.Benchmarks.Mining;

/// <summary>Submissions over HTTP, each a new share, beside a no-op POST of the same body on the same server.</summary>
internal static partial class SubmissionBenchmark
{
    private const int Clients = 32;
    private const int PerClient = 200;

    /// <summary>The embedded process, on SQLite.</summary>
    public static async Task<Comparison> RunEmbeddedAsync(bool quick)
    {
        await using var server = await OrchestratorServer.StartAsync("bench-mining", ("Engine", "process"), ("Runners__MinIdle", "0"));
        return await RunAsync(quick, server.Pod.Port, "SQLite");
    }

    /// <summary>A worker with its own Redis.</summary>
    public static async Task<Comparison> RunOnRedisAsync(bool quick)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = ServerProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Orchestrator.Worker.dll"),
            new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["POD_PORT"] = "0",
                ["ConnectionStrings__redis"] = $"127.0.0.1:{redis.Port}",
            },
            Ready());
        var port = int.Parse(Ready().Match(await server.ReadyLineAsync()).Groups[1].Value, CultureInfo.InvariantCulture);
        return await RunAsync(quick, port, "Redis");
    }

    private static async Task<Comparison> RunAsync(bool quick, int port, string store)
    {
        var ours = new Samples($"POST /submission/1 on {store}");
        var floor = new Samples("POST /healthz, the same body and server");
        for (var round = -3; round < (quick ? 6 : 30); round++)
        {
            var (one, other) = round < 0 ? (new Samples(""), new Samples("")) : (ours, floor);
            await BurstAsync(one, port, "/submission/1", round);
            await BurstAsync(other, port, "/healthz", round);
        }

        Console.WriteLine();
        Tell(ours);
        Tell(floor);
        return new Comparison($"{Clients * PerClient} submissions by {Clients} clients, {store}", ours, floor, new Goal(50, 1 / 0.4));
    }

    private static void Tell(Samples samples) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"  {samples.Name}: {Clients * PerClient / samples.Percentile(50) * 1_000:F0} a second"));

    private static async Task BurstAsync(Samples samples, int port, string path, int round)
    {
        var connections = new List<TcpClient>();
        for (var i = 0; i < Clients; i++)
        {
            var connection = new TcpClient { NoDelay = true };
            await connection.ConnectAsync(IPAddress.Loopback, port);
            connections.Add(connection);
        }

        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(connections.Select((connection, client) => Task.Run(() => PostAllAsync(connection.GetStream(), port, path, $"{round}-{client}"))));
        samples.Add(Stopwatch.GetElapsedTime(started));
        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    // Hand-written HTTP, so that measuring takes little of the processors that it shares with the server.
    private static async Task PostAllAsync(NetworkStream stream, int port, string path, string prefix)
    {
        var answer = new byte[4_096];
        for (var i = 0; i < PerClient; i++)
        {
            var body = $$"""{"hash":"{{new string('0', 64)}}","difficulty":1.0,"block_height":1,"worker_id":"worker_{{i % 50}}","submission_id":"sub-{{prefix}}-{{i:D6}}"}""";
            var request = $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request));
            var length = await ReadAnswerAsync(stream, answer);
            if (!answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
            {
                throw new InvalidOperationException(System.Text.Encoding.ASCII.GetString(answer, 0, length));
            }
        }
    }

    // An answer ends with the last chunk of its body, or after its Content-Length.
    private static async Task<int> ReadAnswerAsync(NetworkStream stream, byte[] buffer)
    {
        for (var length = 0; ;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length));
            if (read == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            length += read;
            var text = buffer.AsSpan(0, length);
            var head = text.IndexOf("\r\n\r\n"u8);
            if (head < 0)
            {
                continue;
            }

            var field = text[..head].IndexOf("Content-Length: "u8);
            if (field < 0 ? text.EndsWith("\r\n0\r\n\r\n"u8) : length >= head + 4 + Number(text[(field + 16)..head]))
            {
                return length;
            }
        }
    }

    private static int Number(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\r');
        return int.Parse(end < 0 ? text : text[..end], CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"ready:.*pod http://[^:]+:(\d+)")]
    private static partial Regex Ready();
}
