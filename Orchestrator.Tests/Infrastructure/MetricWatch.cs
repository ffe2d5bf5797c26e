using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// Hears one instrument of ours. Other tests of this process measure, too: look for what only this one can have said.
/// </summary>
internal sealed class MetricWatch : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(double Value, string Tags)> _heard = [];

    public MetricWatch(string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Meter.Name == "Orchestrator" && published.Name == instrument)
            {
                listener.EnableMeasurementEvents(published);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Hear(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, _) => Hear(value, tags));
        _listener.Start();
    }

    /// <summary>What was measured so far, tags as <c>name=value</c> in order of their names.</summary>
    public IReadOnlyList<(double Value, string Tags)> Heard => [.. _heard];

    /// <summary>Asks observable instruments.</summary>
    public IReadOnlyList<(double Value, string Tags)> Observe()
    {
        _heard.Clear();
        _listener.RecordObservableInstruments();
        return Heard;
    }

    public void Dispose() => _listener.Dispose();

    private void Hear(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _heard.Enqueue((value, string.Join(',', tags.ToArray().OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))));
}
