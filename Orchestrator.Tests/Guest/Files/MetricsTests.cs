using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Guest.Files.Serving;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary><c>GET /metrics</c>, and what it reads.</summary>
public sealed class MetricsTests : IDisposable
{
    private const long Mebibyte = 1024 * 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Metrics_OfThisMachine_AreSane()
    {
        await using var guest = await GuestFiles.StartAsync();

        var metrics = await guest.Client.GetFromJsonAsync<JsonElement>("/metrics", TestContext.Current.CancellationToken);

        Assert.InRange(metrics.GetProperty("ts").GetInt64(), 1_700_000_000, 4_000_000_000);
        Assert.Equal(Environment.ProcessorCount, metrics.GetProperty("cpu_count").GetInt32());
        Assert.InRange(metrics.GetProperty("cpu_used_pct").GetDouble(), 0, 100);
        Assert.InRange(metrics.GetProperty("mem_used").GetInt64(), 1, metrics.GetProperty("mem_total").GetInt64());
        Assert.InRange(metrics.GetProperty("mem_cache").GetInt64(), 0, long.MaxValue);
        Assert.Equal(metrics.GetProperty("mem_total").GetInt64() / (double)Mebibyte, metrics.GetProperty("mem_total_mib").GetInt64(), 0.51);
        Assert.InRange(metrics.GetProperty("disk_used").GetInt64(), 1, metrics.GetProperty("disk_total").GetInt64());
    }

    [Fact]
    public void Memory_VersionTwo_IsTheGroups()
    {
        Write("meminfo", "MemTotal:       1000000 kB\nMemAvailable:    500000 kB\n");
        Write("memory.current", $"{300 * Mebibyte}\n");
        Write("memory.max", $"{512 * Mebibyte}\n");
        Write("memory.stat", $"anon 1\nfile {100 * Mebibyte}\n");

        Assert.Equal((512 * Mebibyte, 200 * Mebibyte, 100 * Mebibyte), Usage().Memory());
        Write("memory.max", "max\n");
        Assert.Equal(1_000_000 * 1024, Usage().Memory().Total);
    }

    [Fact]
    public void Memory_VersionOne_IsTheGroups()
    {
        Write("meminfo", "MemTotal:       1000000 kB\n");
        Write("memory/memory.usage_in_bytes", $"{300 * Mebibyte}\n");
        Write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        Write("memory/memory.stat", $"cache 1\ntotal_cache {100 * Mebibyte}\n");

        Assert.Equal((1_000_000L * 1024, 200 * Mebibyte, 100 * Mebibyte), Usage().Memory());
    }

    [Fact]
    public void Memory_NoGroup_IsTheMachines()
    {
        Write("meminfo", "MemTotal:       1000 kB\nMemAvailable:    400 kB\nCached:    30 kB\n");

        Assert.Equal((1000 * 1024, 600 * 1024, 30 * 1024), Usage().Memory());
    }

    [Theory]
    [InlineData("cpu.stat", "usage_usec {0}000000\nuser_usec 1\n")]
    [InlineData("cpuacct/cpuacct.usage", "{0}000000000\n")]
    [InlineData("stat", "cpu  {0}00 0 0 5 6 0 0 0 0 0\ncpu0 1 1 1 1\n")]
    public void ProcessorPercent_SinceTheLastCall_IsOfAllProcessors(string file, string text)
    {
        Write(file, string.Format(null, text, 100));
        var usage = Usage();
        _time.Advance(TimeSpan.FromSeconds(10));
        Write(file, string.Format(null, text, 105));

        Assert.Equal(50.0 / Environment.ProcessorCount, usage.ProcessorPercent(), 3);
        Assert.Equal(50.0 / Environment.ProcessorCount, usage.ProcessorPercent(), 3);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0, usage.ProcessorPercent());
    }

    private ResourceUsage Usage() => new(_folder.Path, _folder.Path, _time);

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
