using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Tags = System.ReadOnlySpan<System.Collections.Generic.KeyValuePair<string, object?>>;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>One metric as Prometheus sees it: a name, a help text and its series.</summary>
internal sealed class MetricFamily
{
    private readonly Func<string, Series> _create;
    private readonly string[]? _keptTags;
    private readonly int _limit;

    public MetricFamily(Instrument instrument, int limit, string[]? keptTags = null)
    {
        Kind = KindOf(instrument);
        Name = MetricNames.Family(instrument.Name, instrument.Unit, Kind);
        Unit = MetricNames.UnitOf(Name, instrument.Unit, Kind);
        Help = instrument.Description ?? "";
        Observable = instrument.IsObservable;
        _limit = limit;
        _keptTags = keptTags;
        _create = Creator(instrument, Kind);
        Table = new SeriesTable(_create, limit);
    }

    /// <summary>The name, without a counter's <c>_total</c>.</summary>
    public string Name { get; }

    /// <summary>The name that its samples carry; for a histogram without its suffixes.</summary>
    public string SampleName => Kind is MetricKind.Counter ? Name + "_total" : Name;

    public MetricKind Kind { get; }

    /// <summary>The suffix of the name that gives its unit; null when it has none.</summary>
    public string? Unit { get; }

    public string Help { get; }

    /// <summary>True when its values are read at each scrape.</summary>
    public bool Observable { get; }

    public SeriesTable Table { get; private set; }

    public void Record(double value, Tags tags)
    {
        if (_keptTags is null)
        {
            Table.Get(tags).Record(value);
        }
        else
        {
            RecordKept(value, tags, _keptTags);
        }
    }

    /// <summary>Drops earlier observations, so that a series that is no longer observed disappears.</summary>
    public void BeginScrape()
    {
        if (Observable)
        {
            Table = new SeriesTable(_create, _limit);
        }
    }

    private void RecordKept(double value, Tags tags, string[] keptTags)
    {
        var kept = default(TagBuffer);
        var count = 0;
        foreach (var tag in tags)
        {
            if (count < TagBuffer.Length && Array.IndexOf(keptTags, tag.Key) >= 0)
            {
                kept[count++] = tag;
            }
        }

        Table.Get(((Span<KeyValuePair<string, object?>>)kept)[..count]).Record(value);
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
    }

    private static Func<string, Series> Creator(Instrument instrument, MetricKind kind)
    {
        if (kind is MetricKind.Histogram)
        {
            var bounds = BucketBounds.For(instrument);
            return labels => new HistogramSeries(labels, bounds);
        }

        var adds = !instrument.IsObservable && instrument.GetType().GetGenericTypeDefinition() != typeof(Gauge<>);
        return adds ? labels => new SumSeries(labels) : labels => new LastSeries(labels);
    }

    [InlineArray(Length)]
    private struct TagBuffer
    {
        public const int Length = 8;
        private KeyValuePair<string, object?> _first;
    }
}
