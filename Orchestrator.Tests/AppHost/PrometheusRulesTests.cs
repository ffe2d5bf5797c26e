using System.Diagnostics;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What Prometheus is given: checked by its own tool.</summary>
public sealed partial class PrometheusRulesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static string Folder => Path.Combine(Repository.Root, "Orchestrator.AppHost", "prometheus");

    [Theory]
    [InlineData("prometheus.yml")]
    [InlineData("prometheus.otlp.yml")]
    public async Task Configuration_AsItStands_IsValid(string file) =>
        Assert.Contains("SUCCESS", await PromtoolAsync("check", "config", file), StringComparison.Ordinal);

    [Fact]
    public async Task Rules_AgainstTheirUnitTests_FireAndKeepSilentAsTheyShould() =>
        Assert.Contains("SUCCESS", await PromtoolAsync("test", "rules", "tests/alerts.test.yml"), StringComparison.Ordinal);

    [Fact]
    public async Task Rules_OneThatDoesNotFireAsSaid_FailsItsTest()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.yml", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder.Path, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(copy, text.Replace("== 0", "== 7", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        }

        var (code, output) = await RunAsync(folder.Path, "test", "rules", "tests/alerts.test.yml");

        Assert.NotEqual(0, code);
        Assert.Contains("InstanceDown", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Alerts_EachOfThem_HasSummaryRunbookLineAndUnitTest()
    {
        var rules = File.ReadAllText(Path.Combine(Folder, "rules", "alerts.yml"));
        var tests = File.ReadAllText(Path.Combine(Folder, "tests", "alerts.test.yml"));
        var runbook = File.ReadAllText(Path.Combine(Repository.Root, "docs", "runbook.md"));
        var alerts = Alert().Split(rules)[1..].Chunk(2).Select(pair => (Name: pair[0], Rule: pair[1])).ToList();

        Assert.True(alerts.Count >= 9);
        Assert.All(alerts, alert =>
        {
            Assert.Contains("summary: ", alert.Rule, StringComparison.Ordinal);
            Assert.Contains($"runbook: docs/runbook.md#{alert.Name.ToLowerInvariant()}\n", alert.Rule + "\n", StringComparison.Ordinal);
            Assert.Matches($@"\n## {alert.Name}\n\n\S.{{40,}}\n", runbook);
            Assert.Matches($@"alertname: {alert.Name}\n\s+eval_time: \S+\n\s+exp_alerts:\n", tests);
        });
        Assert.Equal(alerts.Select(alert => alert.Name), Heading().Matches(runbook).Select(match => match.Groups[1].Value));
    }

    private static async Task<string> PromtoolAsync(params string[] arguments)
    {
        var (code, output) = await RunAsync(Folder, arguments);
        Assert.True(code == 0, output);
        return output;
    }

    private static async Task<(int Code, string Output)> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Components.Require("promtool"), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Subprocess.Start(start);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await errors);
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"(?m)^## (\w+)$")]
    private static partial Regex Heading();
}
