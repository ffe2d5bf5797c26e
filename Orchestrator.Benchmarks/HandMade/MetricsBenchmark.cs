using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>
/// A measurement and a scrape: our collector beside OpenTelemetry's SDK with its exporter for Prometheus. Each listens to
/// its own meter with the same instruments and series, and to the framework's meters.
/// </summary>
internal static class MetricsBenchmark
{
    private const int Instruments = 5;
    private const int SeriesEach = 100;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        await using var ours = await ServeAsync(app => app.MapDefaultEndpoints(), builder => builder.AddServiceDefaults());
        await using var library = await ServeAsync(
            app => app.MapPrometheusScrapingEndpoint(),
            builder => Variant.AddLibraryMetrics(builder.Services, [.. TelemetryNames.Meters.Where(name => name != TelemetryNames.Own), "Library"]));
        var own = new Instrumented(ours.Services.GetRequiredService<IMeterFactory>().Create(TelemetryNames.Own));
        var theirs = new Instrumented(library.Services.GetRequiredService<IMeterFactory>().Create("Library"));
        var record = Record(own, theirs, quick ? 5 : 40);
        return [.. record, await ScrapeAsync(ours, library, quick ? 20 : 200)];
    }

    private static IEnumerable<Comparison> Record(Instrumented ours, Instrumented library, int rounds)
    {
        var time = (Ours: new Samples("MetricsCollector"), Library: new Samples("OpenTelemetry"));
        var allocated = (Ours: new Samples("MetricsCollector"), Library: new Samples("OpenTelemetry"));
        for (var round = -5; round < rounds; round++)
        {
            foreach (var mine in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var (nanoseconds, bytes) = (mine ? ours : library).Measure(200_000);
                if (round >= 0)
                {
                    (mine ? time.Ours : time.Library).Add(nanoseconds);
                    (mine ? allocated.Ours : allocated.Library).Add(bytes);
                }
            }
        }

        yield return Comparison.Part("One measurement, a counter with two tags or a histogram with one", time.Ours, time.Library, "ns");
        yield return Comparison.Part("Allocated by one measurement", allocated.Ours, allocated.Library, "bytes");
    }

    private static async Task<Comparison> ScrapeAsync(WebApplication ours, WebApplication library, int rounds)
    {
        var (one, other) = (new Samples("MetricsEndpoint"), new Samples("MapPrometheusScrapingEndpoint"));
        using var client = new HttpClient();
        for (var round = -20; round < rounds; round++)
        {
            foreach (var mine in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var address = new Uri((mine ? ours : library).Urls.First() + "/metrics");
                await (round < 0 ? new Samples("") : mine ? one : other).TimeAsync(() => client.GetByteArrayAsync(address));
            }
        }

        return Comparison.Part($"One scrape of {2 * Instruments * SeriesEach} series beside the framework's, half of them histograms", one, other, "ms");
    }

    private static async Task<WebApplication> ServeAsync(Action<WebApplication> map, Action<WebApplicationBuilder> add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        add(builder);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private sealed class Instrumented
    {
        private static readonly string[] Values = [.. Enumerable.Range(0, SeriesEach).Select(i => $"value-{i}")];

        private readonly Counter<long>[] _counters;
        private readonly Histogram<double>[] _histograms;

        public Instrumented(Meter meter)
        {
            _counters = [.. Enumerable.Range(0, Instruments).Select(i => meter.CreateCounter<long>($"bench.calls.{i}", "{call}", "Calls."))];
            _histograms = [.. Enumerable.Range(0, Instruments).Select(i => meter.CreateHistogram<double>($"bench.wait.{i}", "s", "Waiting."))];
            Measure(2 * Instruments * SeriesEach);
        }

        public (double Nanoseconds, double Bytes) Measure(int times)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < times; i += 2)
            {
                var (instrument, value) = (i / 2 % Instruments, Values[i / 2 / Instruments % SeriesEach]);
                _counters[instrument].Add(1, new("state", value), new("template", "session"));
                _histograms[instrument].Record(0.002, new KeyValuePair<string, object?>("path", value));
            }

            var took = Stopwatch.GetElapsedTime(started);
            return (took.TotalNanoseconds / times, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)times);
        }
    }
}
