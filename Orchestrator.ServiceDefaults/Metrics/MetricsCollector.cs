using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Orchestrator.ServiceDefaults.Telemetry;
using Tags = System.ReadOnlySpan<System.Collections.Generic.KeyValuePair<string, object?>>;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>
/// Listens to this process's meters and keeps their series for Prometheus. A measurement costs a look-up and one
/// or two interlocked operations; it neither locks nor allocates. Memory is bounded by
/// <see cref="MaxSeriesPerMetric"/>.
/// </summary>
internal sealed partial class MetricsCollector : IDisposable
{
    /// <summary>The most tag combinations of a metric; further ones share an overflow series.</summary>
    public const int MaxSeriesPerMetric = 1_000;

    private readonly MeterListener _listener = new();
    private readonly Lock _publishing = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _loggedOverflow = [];
    private readonly SemaphoreSlim _scraping = new(1, 1);
    private readonly IMeterFactory? _meterFactory;
    private readonly ILogger<MetricsCollector> _logger;
    private int _started;

    /// <param name="meterFactory">
    /// This host's own; the meters of other hosts in the same process, as in tests, are ignored.
    /// </param>
    /// <param name="logger">Logs the metrics that can't be shown.</param>
    public MetricsCollector(IMeterFactory? meterFactory, ILogger<MetricsCollector> logger)
    {
        _meterFactory = meterFactory;
        _logger = logger;
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record((double)value, tags, state));
    }

    /// <summary>Begins to listen; earlier measurements are not counted. Idempotent.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            _listener.Start();
        }
    }

    /// <summary>
    /// Reads every observable instrument, then passes on the metrics, sorted by name. Scrapes run one at a time.
    /// </summary>
    /// <exception cref="OperationCanceledException">The scraper disconnected.</exception>
    public async Task ScrapeAsync(Action<IReadOnlyCollection<MetricFamily>> render, CancellationToken cancellationToken)
    {
        await _scraping.WaitAsync(cancellationToken);
        try
        {
            MetricFamily[] families;
            lock (_publishing)
            {
                families = [.. _families.Values];
            }

            foreach (var family in families)
            {
                family.BeginScrape();
            }

            Observe();
            foreach (var family in families)
            {
                TellOverflow(family);
            }

            render(families);
        }
        finally
        {
            _scraping.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _scraping.Dispose();
    }

    private static void Record(double value, Tags tags, object? state) => ((MetricFamily)state!).Record(value, tags);

    private void Publish(Instrument instrument, MeterListener listener)
    {
        var meter = instrument.Meter;
        if (!TelemetryNames.Meters.Contains(meter.Name) || (meter.Scope is IMeterFactory other && other != _meterFactory))
        {
            return;
        }

        var keptTags = meter.Name == TelemetryNames.HttpClientMeter ? TelemetryNames.HttpClientTags : null;
        var family = new MetricFamily(instrument, MaxSeriesPerMetric, keptTags);
        lock (_publishing)
        {
            // Two meters may have an instrument of the same name; Prometheus requires it once.
            if (!_families.TryGetValue(family.SampleName, out var known))
            {
                _families.Add(family.SampleName, known = family);
            }
            else if (known.Kind != family.Kind || known.Observable != family.Observable)
            {
                known = null;
            }

            family = known;
        }

        if (family is null)
        {
            LogConflict(instrument.Name, meter.Name);
        }
        else
        {
            listener.EnableMeasurementEvents(instrument, family);
        }
    }

    private void Observe()
    {
        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (AggregateException e)
        {
            // One bad callback must not hide the other values.
            foreach (var inner in e.InnerExceptions)
            {
                LogObservationFailed(inner);
            }
        }
    }

    private void TellOverflow(MetricFamily family)
    {
        if (family.Table.Overflowed && _loggedOverflow.Add(family.Name))
        {
            LogOverflow(family.Name, MaxSeriesPerMetric);
        }
    }

    [LoggerMessage(1790, LogLevel.Warning, "Metric {Name} has more than {Limit} label combinations; further ones share a series")]
    private partial void LogOverflow(string name, int limit);

    [LoggerMessage(1791, LogLevel.Warning, "Instrument {Instrument} of meter {Meter} is not shown: an instrument of another kind has that name")]
    private partial void LogConflict(string instrument, string meter);

    [LoggerMessage(1792, LogLevel.Warning, "An observable metric could not be read")]
    private partial void LogObservationFailed(Exception exception);
}
