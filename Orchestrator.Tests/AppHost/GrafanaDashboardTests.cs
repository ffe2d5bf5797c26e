using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orchestrator.Tests.AppHost;

/// <summary>The dashboards as they lie in the repository; what their queries return, <see cref="PanelTests"/> asks.</summary>
public sealed partial class GrafanaDashboardTests
{
    private const int Columns = 24;

    private static readonly string[] Units =
        ["short", "none", "s", "cps", "reqps", "percent", "percentunit", "bytes", "decmbytes", "Hs"];

    [Fact]
    public void Dashboards_OfTheSystem_AreThereUnderNamesOfTheirOwn()
    {
        Assert.Equal(["mining.json", "runners.json", "service.json", "tasks.json"], GrafanaFiles.Dashboards.Select(one => one.File));
        Assert.Equal(4, GrafanaFiles.Dashboards.Select(one => Text(one.Dashboard, "uid")).Distinct().Count());
        Assert.Equal(4, GrafanaFiles.Dashboards.Select(one => Text(one.Dashboard, "title")).Distinct().Count());
    }

    [Fact]
    public void Panels_EachOfThem_SayWhatTheyShowInWhichUnitFromWhere() => Assert.All(GrafanaFiles.Dashboards, one =>
    {
        var panels = one.Dashboard.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(GrafanaFiles.PanelsOf(one.Dashboard), panel =>
        {
            Assert.Contains(Text(panel, "type"), (string[])["stat", "timeseries"]);
            Assert.NotEmpty(Text(panel, "title"));
            Assert.EndsWith(".", Text(panel, "description"), StringComparison.Ordinal);
            Assert.Contains(Text(panel.GetProperty("fieldConfig").GetProperty("defaults"), "unit"), Units);
            var targets = panel.GetProperty("targets").EnumerateArray().ToList();
            Assert.NotEmpty(targets);
            Assert.Equal(targets.Count, targets.Select(target => Text(target, "refId")).Distinct().Count());
            foreach (var sourced in targets.Append(panel))
            {
                Assert.Equal(("prometheus", "prometheus"), (Text(sourced.GetProperty("datasource"), "type"), Text(sourced.GetProperty("datasource"), "uid")));
            }

            Assert.All(targets, target => Assert.NotEmpty(Text(target, "legendFormat")));
        });
    });

    [Fact]
    public void Panels_OnTheGrid_NeitherOverlapNorStickOut() => Assert.All(GrafanaFiles.Dashboards, one =>
    {
        var taken = new HashSet<(int X, int Y)>();
        Assert.All(one.Dashboard.GetProperty("panels").EnumerateArray(), panel =>
        {
            var at = panel.GetProperty("gridPos");
            var (x, y, w, h) = (Number(at, "x"), Number(at, "y"), Number(at, "w"), Number(at, "h"));
            Assert.InRange(x + w, 1, Columns);
            foreach (var cell in from column in Enumerable.Range(x, w) from line in Enumerable.Range(y, h) select (column, line))
            {
                Assert.True(taken.Add(cell), $"{one.File}: {Text(panel, "title")} lies on another panel.");
            }
        });
    });

    [Fact]
    public void Queries_EachVariable_IsDefined() => Assert.All(GrafanaFiles.Dashboards, one =>
    {
        var defined = one.Dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => Text(variable, "name")).ToList();
        Assert.All(
            GrafanaFiles.PanelsOf(one.Dashboard).SelectMany(panel => panel.GetProperty("targets").EnumerateArray()),
            target => Assert.All(
                Variable().Matches(Text(target, "expr")).Select(match => match.Groups[1].Value).Where(name => name != "__rate_interval"),
                name => Assert.Contains(name, defined)));
    });

    [Fact]
    public void Mining_OfTheDocument_ShowsItsSeven()
    {
        var queries = string.Join('\n', GrafanaFiles.Queries.Where(query => query.Panel.StartsWith("mining.json", StringComparison.Ordinal)).Select(query => query.Query));

        Assert.All(
            ["miner_hash_rate", "miner_cpu_usage", "miner_memory_usage", "miner_shares_submitted", "miner_valid_shares", "miner_invalid_shares", "mining_round"],
            metric => Assert.Contains(metric, queries, StringComparison.Ordinal));
    }

    [Fact]
    public void Provisioning_OfTheSource_HasTheNameThatPanelsUse()
    {
        var source = File.ReadAllText(Path.Combine(GrafanaFiles.Folder, "provisioning", "datasources", "prometheus.yml"));

        Assert.Matches(@"(?m)^\s+uid: prometheus$", source);
        Assert.Matches(@"(?m)^\s+type: prometheus$", source);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    [GeneratedRegex(@"\$(\w+)")]
    private static partial Regex Variable();
}
