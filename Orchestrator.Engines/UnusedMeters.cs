using System.Diagnostics.Metrics;

namespace Orchestrator.Engines;

/// <summary>Takes the metrics of HTTP clients for runners, which have a series per port, and every runner has a port of its own.</summary>
internal sealed class UnusedMeters : IMeterFactory
{
    public static UnusedMeters Instance { get; } = new();

    public Meter Create(MeterOptions options) => new("Orchestrator.Unobserved");

    public void Dispose()
    {
    }
}
