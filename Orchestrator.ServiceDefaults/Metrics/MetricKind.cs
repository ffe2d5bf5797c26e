namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>Prometheus' type of an instrument.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}
