using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Overview;

/// <summary>Section <c>Links</c>: where else there is something to look at, as browsers reach it; null where there is nothing.</summary>
/// <param name="Prometheus">Prometheus.</param>
/// <param name="Grafana">Grafana.</param>
/// <param name="Dashboard">The Aspire dashboard.</param>
internal sealed record PageLinks(string? Prometheus, string? Grafana, string? Dashboard)
{
    private const string Section = "Links";

    /// <summary>Reads and checks the section.</summary>
    /// <exception cref="ConfigurationException">An entry is no http address.</exception>
    public static PageLinks From(IConfiguration configuration)
    {
        return new PageLinks(Read(nameof(Prometheus)), Read(nameof(Grafana)), Read(nameof(Dashboard)));

        string? Read(string name)
        {
            var value = configuration[$"{Section}:{name}"];
            if (string.IsNullOrWhiteSpace(value))
            {
                return null;
            }

            return Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? value
                : throw new ConfigurationException($"{Section}:{name}", $"'{value}' is not an address as http://localhost:3000.");
        }
    }
}
