using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Overview;

/// <summary>Section <c>Links</c>: where else there is something to look at, as browsers reach it.</summary>
internal sealed class LinksOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Links";

    /// <summary>Prometheus.</summary>
    [HttpAddress]
    public string? Prometheus { get; set; }

    /// <summary>Grafana.</summary>
    [HttpAddress]
    public string? Grafana { get; set; }

    /// <summary>The Aspire dashboard.</summary>
    [HttpAddress]
    public string? Dashboard { get; set; }

    /// <summary>The links as the overview shows them.</summary>
    public PageLinks ToLinks() => new(TextOf(Prometheus), TextOf(Grafana), TextOf(Dashboard));

    private static string? TextOf(string? link) => string.IsNullOrWhiteSpace(link) ? null : link;
}

/// <summary>The addresses of other views; null where there is none.</summary>
/// <param name="Prometheus">Prometheus.</param>
/// <param name="Grafana">Grafana.</param>
/// <param name="Dashboard">The Aspire dashboard.</param>
internal sealed record PageLinks(string? Prometheus, string? Grafana, string? Dashboard);
