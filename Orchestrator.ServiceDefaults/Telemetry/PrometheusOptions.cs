using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>Section <c>Prometheus</c>.</summary>
public sealed class PrometheusOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Prometheus";

    /// <summary>A Prometheus to push metrics to; <c>/metrics</c> can be scraped without it.</summary>
    [HttpAddress]
    public string? OtlpEndpoint { get; set; }
}
