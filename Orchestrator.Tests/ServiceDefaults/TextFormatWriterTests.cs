using Orchestrator.ServiceDefaults.Metrics;

namespace Orchestrator.Tests.ServiceDefaults;

public sealed class TextFormatWriterTests : IDisposable
{
    private readonly MetricsTestBed _bed = new();

    [Fact]
    public async Task Write_LabelAndHelpWithBreaksAndQuotes_AreEscaped()
    {
        _bed.Meter.CreateCounter<int>("test.odd", null, "A \\ and\na break.")
            .Add(1, new KeyValuePair<string, object?>("what", "a\"b\\c\nd"));

        Assert.Equal(
            """
            # HELP test_odd_total A \\ and\na break.
            # TYPE test_odd_total counter
            test_odd_total{what="a\"b\\c\nd"} 1

            """,
            await _bed.ScrapeAsync());
    }

    [Fact]
    public async Task Write_LongLabel_IsCut()
    {
        _bed.Meter.CreateCounter<int>("test.long").Add(1, new KeyValuePair<string, object?>("what", new string('x', 10_000)));

        Assert.Contains($"what=\"{new string('x', LabelSet.MaxValueLength)}\"", await _bed.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_TwoTagsOfOneLabel_AreJoined()
    {
        _bed.Meter.CreateCounter<int>("test.twice").Add(1, new("a.b", 1), new("a_b", true));

        Assert.Contains("test_twice_total{a_b=\"1;true\"} 1\n", await _bed.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_OpenMetrics_NamesUnitAndCounterWithoutTotal()
    {
        _bed.Meter.CreateCounter<double>("test.spent", "s", "Time \"spent\".").Add(1.5);
        _bed.Meter.CreateHistogram<double>("test.size", "By").Record(300);

        var text = await _bed.ScrapeAsync(openMetrics: true);
        Assert.Contains(
            """
            # HELP test_spent_seconds Time \"spent\".
            # TYPE test_spent_seconds counter
            # UNIT test_spent_seconds seconds
            test_spent_seconds_total 1.5

            """,
            text,
            StringComparison.Ordinal);
        Assert.Contains("test_size_bytes_bucket{le=\"1024.0\"} 1\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true)]
    [InlineData("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.4", false)]
    [InlineData("*/*", false)]
    [InlineData("application/openmetrics-text;q=0", false)]
    [InlineData("?!", false)]
    [InlineData(null, false)]
    public void PrefersOpenMetrics_ByAccept_AsTheScraperSaid(string? accept, bool expected) =>
        Assert.Equal(expected, MetricsEndpoint.PrefersOpenMetrics([accept]));

    public void Dispose() => _bed.Dispose();
}
