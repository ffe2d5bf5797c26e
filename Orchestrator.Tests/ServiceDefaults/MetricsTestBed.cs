using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.ServiceDefaults.Metrics;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>A collector that hears one meter of its own, named as the product's.</summary>
internal sealed class MetricsTestBed : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public MetricsTestBed()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        Meter = factory.Create("Orchestrator");
        Collector = new MetricsCollector(factory, NullLogger<MetricsCollector>.Instance);
        Collector.Start();
    }

    public Meter Meter { get; }

    public MetricsCollector Collector { get; }

    /// <summary>What a scraper gets of metrics whose names begin with <c>test</c>.</summary>
    public async Task<string> ScrapeAsync(bool openMetrics = false)
    {
        var output = new ArrayBufferWriter<byte>();
        await Collector.ScrapeAsync(
            families => new TextFormatWriter(output, openMetrics).Write(families.Where(f => f.Name.StartsWith("test", StringComparison.Ordinal))),
            TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public void Dispose()
    {
        Collector.Dispose();
        _services.Dispose();
    }
}
