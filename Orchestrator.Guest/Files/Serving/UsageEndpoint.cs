using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary><c>GET /metrics</c>: what the runner uses of its processors, memory and disk (docs/contract/e2b.md, section 3.1).</summary>
/// <param name="usage">Tells processors and memory.</param>
/// <param name="workspace">The folder whose file system is told.</param>
/// <param name="time">The clock.</param>
internal sealed class UsageEndpoint(ResourceUsage usage, string workspace, TimeProvider time) : IEndpoint
{
    private const double Mebibyte = 1024 * 1024;

    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Get, "/metrics", AnswerAsync, Dialect.Rest)];

    private async Task AnswerAsync(HttpContext context)
    {
        var (memory, disk) = (usage.Memory(), Disk());
        var metrics = new Metrics(
            time.GetUtcNow().ToUnixTimeSeconds(),
            Environment.ProcessorCount,
            Math.Round(usage.ProcessorPercent(), 2),
            memory.Total,
            memory.Used,
            memory.Cache,
            (long)Math.Round(memory.Total / Mebibyte),
            (long)Math.Round(memory.Used / Mebibyte),
            disk.Used,
            disk.Total);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await JsonSerializer.SerializeAsync(context.Response.Body, metrics, MetricsJson.Default.Metrics, context.RequestAborted);
    }

    private (long Used, long Total) Disk()
    {
        try
        {
            var drive = new DriveInfo(workspace);
            return (drive.TotalSize - drive.TotalFreeSpace, drive.TotalSize);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (0, 0);
        }
    }
}

/// <summary>The body of <c>GET /metrics</c>: bytes but for the two in MiB, percent of all processors, seconds since 1970.</summary>
internal sealed record Metrics(
    long Ts,
    int CpuCount,
    double CpuUsedPct,
    long MemTotal,
    long MemUsed,
    long MemCache,
    long MemTotalMib,
    long MemUsedMib,
    long DiskUsed,
    long DiskTotal);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Metrics))]
internal sealed partial class MetricsJson : JsonSerializerContext;
