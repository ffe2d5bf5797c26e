using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>Callers that ask for much and read nothing of it.</summary>
public sealed partial class SlowReaderTests
{
    private const int Tasks = 100;
    private const int Readers = 12;
    private const long Growth = 32 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("slow-readers", "load", "12 callers ask for lists of 100 results of 209 KB and read nothing", "the process's memory stays within 32 MB")]
    public async Task Lists_ReadByNobody_TakeNoMemory()
    {
        Components.RequireLinux();
        using var data = new TemporaryFolder();
        await using var server = await ServerProgram.StartEmbeddedAsync(data.Path);
        var port = int.Parse(SessionsPort().Match(server.Said).Groups[1].Value, CultureInfo.InvariantCulture);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        for (var i = 0; i < Tasks; i++)
        {
            using var answer = await client.PostAsJsonAsync("/task", new { type = "fibonacci", input = new { n = 1_000_000 } }, Cancel);
            answer.EnsureSuccessStatusCode();
        }

        await Eventually.TrueAsync(async () => (await ListAsync(client)).Count == Tasks, TimeSpan.FromMinutes(2), "The end of the tasks");
        var before = ResidentBytes(server.ProcessId);
        List<TcpClient> readers = [];
        try
        {
            for (var i = 0; i < Readers; i++)
            {
                var reader = new TcpClient { ReceiveBufferSize = 4_096 };
                readers.Add(reader);
                await reader.ConnectAsync("127.0.0.1", port, Cancel);
                await reader.GetStream().WriteAsync(
                    Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET /tasks?limit=100&results=true HTTP/1.1\r\nHost: localhost\r\n\r\n", 8))), Cancel);
            }

            // Served while the others hold their answers.
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(Tasks, (await ListAsync(client)).Count);
            }

            var after = ResidentBytes(server.ProcessId);
            TestContext.Current.SendDiagnosticMessage($"Resident: {before >> 20} MB before, {after >> 20} MB after.");
            Assert.True(after - before < Growth, $"The memory grew from {before >> 20} to {after >> 20} MB.");
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    private static async Task<JsonArray> ListAsync(HttpClient client) =>
        JsonNode.Parse(await client.GetStringAsync(new Uri("/tasks?status=complete&limit=100", UriKind.Relative), Cancel))!["tasks"]!.AsArray();

    private static long ResidentBytes(int processId) => long.Parse(
        File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) << 10;

    [GeneratedRegex(@"sessions http://[^:]+:(\d+)")]
    private static partial Regex SessionsPort();
}
