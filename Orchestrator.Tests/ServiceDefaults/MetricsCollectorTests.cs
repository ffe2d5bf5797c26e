using System.Diagnostics.Metrics;

namespace Orchestrator.Tests.ServiceDefaults;

public sealed class MetricsCollectorTests : IDisposable
{
    private readonly MetricsTestBed _bed = new();

    [Fact]
    public async Task Record_CounterWithTagsInAnyOrder_IsOneSeries()
    {
        var counter = _bed.Meter.CreateCounter<long>("test.calls", "{call}", "Calls.");
        counter.Add(2, new("state", "idle"), new("template", "session"));
        counter.Add(3, new("template", "session"), new("state", "idle"));
        counter.Add(1);

        Assert.Equal(
            """
            # HELP test_calls_total Calls.
            # TYPE test_calls_total counter
            test_calls_total{state="idle",template="session"} 5
            test_calls_total 1

            """,
            await _bed.ScrapeAsync());
    }

    [Fact]
    public async Task Record_TagsThatReadTheSame_ShareASeries()
    {
        var counter = _bed.Meter.CreateCounter<int>("test.status");
        counter.Add(1, new KeyValuePair<string, object?>("code", 200));
        counter.Add(1, new KeyValuePair<string, object?>("code", "200"));

        Assert.Contains("test_status_total{code=\"200\"} 2\n", await _bed.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_UpDownCounterAndGauge_AreGauges()
    {
        var upDown = _bed.Meter.CreateUpDownCounter<int>("test.open");
        upDown.Add(5);
        upDown.Add(-2);
        var gauge = _bed.Meter.CreateGauge<double>("test.level");
        gauge.Record(0.25);
        gauge.Record(0.5);

        var text = await _bed.ScrapeAsync();
        Assert.Contains("# TYPE test_open gauge\ntest_open 3\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE test_level gauge\ntest_level 0.5\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_Histogram_CountsValuesUpToEachBound()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] };
        var histogram = _bed.Meter.CreateHistogram("test_wait_seconds", "s", "Waiting.", null, advice);
        foreach (var seconds in new[] { 0.05, 0.1, 0.5, 7, double.NaN })
        {
            histogram.Record(seconds, new KeyValuePair<string, object?>("path", "warm"));
        }

        Assert.Equal(
            """
            # HELP test_wait_seconds Waiting.
            # TYPE test_wait_seconds histogram
            test_wait_seconds_bucket{path="warm",le="0.1"} 2
            test_wait_seconds_bucket{path="warm",le="1"} 3
            test_wait_seconds_bucket{path="warm",le="+Inf"} 4
            test_wait_seconds_sum{path="warm"} 7.65
            test_wait_seconds_count{path="warm"} 4

            """,
            await _bed.ScrapeAsync());
    }

    [Fact]
    public async Task Scrape_ObservedSeriesThatIsGone_IsNotShownAgain()
    {
        var states = new List<Measurement<int>> { new(1, new KeyValuePair<string, object?>("id", "a")), new(2, new KeyValuePair<string, object?>("id", "b")) };
        _bed.Meter.CreateObservableGauge("test.seen", () => states);

        Assert.Contains("test_seen{id=\"a\"} 1\ntest_seen{id=\"b\"} 2\n", await _bed.ScrapeAsync(), StringComparison.Ordinal);
        states.RemoveAt(0);
        var text = await _bed.ScrapeAsync();
        Assert.DoesNotContain("id=\"a\"", text, StringComparison.Ordinal);
        Assert.Contains("test_seen{id=\"b\"} 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_ObservableThatThrows_HidesNoOther()
    {
        _bed.Meter.CreateObservableGauge("test.bad", new Func<int>(() => throw new InvalidOperationException("no")));
        _bed.Meter.CreateObservableGauge("test.good", () => 1);

        Assert.Contains("test_good 1\n", await _bed.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_MoreTagsThanTheLimit_AreCountedTogether()
    {
        var counter = _bed.Meter.CreateCounter<int>("test.flood");
        for (var i = 0; i < 1_500; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        counter.Add(1, new KeyValuePair<string, object?>("id", 0));

        var text = await _bed.ScrapeAsync();
        Assert.Contains("test_flood_total{otel_metric_overflow=\"true\"} 500\n", text, StringComparison.Ordinal);
        Assert.Contains("test_flood_total{id=\"0\"} 2\n", text, StringComparison.Ordinal);
        Assert.Equal(1_001, text.Split('\n').Count(line => line.StartsWith("test_flood_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Record_FromManyThreads_LosesNothing()
    {
        var counter = _bed.Meter.CreateCounter<long>("test.busy");
        var histogram = _bed.Meter.CreateHistogram<double>("test.took", "s");
        await Parallel.ForAsync(0, 8, TestContext.Current.CancellationToken, (thread, _) =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("id", i % 300));
                histogram.Record(0.5, new KeyValuePair<string, object?>("thread", thread));
            }

            return ValueTask.CompletedTask;
        });

        var lines = (await _bed.ScrapeAsync()).Split('\n');
        Assert.Equal(160_000, Total(lines, "test_busy_total{"));
        Assert.Equal(160_000, Total(lines, "test_took_seconds_count{"));
        Assert.Equal(80_000, Total(lines, "test_took_seconds_sum{"));
    }

    [Fact]
    public void Record_KnownTags_AllocatesNothing()
    {
        var counter = _bed.Meter.CreateCounter<long>("test.lean");
        var histogram = _bed.Meter.CreateHistogram<double>("test.lean.time", "s");
        Measure(counter, histogram, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure(counter, histogram, 1_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Measure(Counter<long> counter, Histogram<double> histogram, int times)
        {
            for (var i = 0; i < times; i++)
            {
                counter.Add(1, new("state", "idle"), new("template", "session"));
                histogram.Record(0.002, new KeyValuePair<string, object?>("path", "warm"));
            }
        }
    }

    [Fact]
    public async Task Record_MeterOfAnotherHost_IsLeftAlone()
    {
        using var other = new MetricsTestBed();
        other.Meter.CreateCounter<int>("test.foreign").Add(1);

        Assert.Equal("", await _bed.ScrapeAsync());
        Assert.Contains("test_foreign_total 1\n", await other.ScrapeAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => _bed.Dispose();

    private static double Total(string[] lines, string start) => lines
        .Where(line => line.StartsWith(start, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[line.LastIndexOf(' ')..], System.Globalization.CultureInfo.InvariantCulture));
}
