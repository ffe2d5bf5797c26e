using System.Text.Json;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What Grafana is given, read from the repository.</summary>
internal static class GrafanaFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "Orchestrator.AppHost", "grafana");

    public static IReadOnlyList<(string File, JsonElement Dashboard)> Dashboards { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Folder, "dashboards"), "*.json").Order(StringComparer.Ordinal)
            .Select(file => (Path.GetFileName(file), JsonElement.Parse(File.ReadAllText(file)))),
    ];

    /// <summary>The panels of a dashboard; its rows are none.</summary>
    public static IEnumerable<JsonElement> PanelsOf(JsonElement dashboard) =>
        dashboard.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row");

    /// <summary>Every query there is, as Prometheus takes it: Grafana's variables are replaced.</summary>
    public static IEnumerable<(string Panel, string Query)> Queries =>
        from one in Dashboards
        from panel in PanelsOf(one.Dashboard)
        from target in panel.GetProperty("targets").EnumerateArray()
        select ($"{one.File}: {panel.GetProperty("title").GetString()}", target.GetProperty("expr").GetString()!
            .Replace("$__rate_interval", "5m", StringComparison.Ordinal)
            .Replace("$job", ".+", StringComparison.Ordinal));
}
