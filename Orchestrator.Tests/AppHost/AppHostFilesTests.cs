using System.Text.Json;
using System.Text.RegularExpressions;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>What has to be said twice about the composition is said the same twice.</summary>
public sealed partial class AppHostFilesTests
{
    private static string Folder => Path.Combine(Repository.Root, "Orchestrator.AppHost");

    [Fact]
    public void Sdk_OfTheAppHost_IsOfItsPackagesRelease()
    {
        var packages = Version.Parse(PackagesVersion().Match(Read("../Directory.Packages.props")).Groups[1].Value);
        var sdks = Sdk().Matches(Read("Orchestrator.AppHost.csproj")).Select(match => Version.Parse(match.Groups[1].Value)).ToList();

        Assert.Equal(2, sdks.Count);
        Assert.Single(sdks.Distinct());
        Assert.Equal((packages.Major, packages.Minor), (sdks[0].Major, sdks[0].Minor));
        Assert.True(sdks[0] <= packages);
    }

    [Fact]
    public void LaunchProfile_OfTheAppHost_HasTheCompositionsPorts()
    {
        var profile = JsonElement.Parse(Read("Properties/launchSettings.json")).GetProperty("profiles").GetProperty("http");
        var variables = profile.GetProperty("environmentVariables");

        Assert.Equal($"http://localhost:{Composition.Ports.Dashboard}", profile.GetProperty("applicationUrl").GetString());
        Assert.Equal($"http://localhost:{Composition.Ports.OtlpGrpc}", variables.GetProperty("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL").GetString());
        Assert.Equal($"http://localhost:{Composition.Ports.OtlpHttp}", variables.GetProperty("ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL").GetString());
    }

    [Theory]
    [InlineData("prometheus/Dockerfile", "prom/prometheus")]
    [InlineData("grafana/Dockerfile", "grafana/grafana")]
    public void Image_Published_IsTheOneThatRunsHere(string file, string image)
    {
        var published = Regex.Match(Read(file), $"(?m)^FROM {image}:(\\S+)$").Groups[1].Value;

        Assert.NotEmpty(published);
        Assert.Contains($"\"{image}\", \"{published}\"", Read("AppHost.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void Configuration_ThatContainersMount_IsReadableByEverybody()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files have no such modes on Windows.");
        var mounted = Directory.EnumerateFileSystemEntries(Path.Combine(Folder, "prometheus"), "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFileSystemEntries(Path.Combine(Folder, "grafana"), "*", SearchOption.AllDirectories));

#pragma warning disable CA1416 // skipped there
        Assert.All(mounted, entry => Assert.True(File.GetUnixFileMode(entry).HasFlag(UnixFileMode.OtherRead), entry));
#pragma warning restore CA1416
    }

    [Fact]
    public void Composition_WithOtherPorts_NamesThemAndNoUsualOne()
    {
        var text = Composition.WithPorts(Read("prometheus/prometheus.yml"), "/rules", 1, 2, [3, 4]);

        Assert.Contains("[\"localhost:1\"]", text, StringComparison.Ordinal);
        Assert.Contains("[\"localhost:2\"]", text, StringComparison.Ordinal);
        Assert.Contains("[\"localhost:3\", \"localhost:4\"]", text, StringComparison.Ordinal);
        Assert.Contains("- /rules/*.yml", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"localhost:\d\d", text);
    }

    [Fact]
    public void Composition_NoWorkers_ScrapesNone() => Assert.Contains(
        "targets: []", Composition.WithPorts(Read("prometheus/prometheus.yml"), "/rules", 1, 2, []), StringComparison.Ordinal);

    [Fact]
    public void Launcher_Whole_StaysSmall() => Assert.InRange(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "eng", "launcher"), "*.cs").Sum(file => File.ReadLines(file).Count()), 1, 300);

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    [GeneratedRegex("<AspireVersion>(.+)</AspireVersion>")]
    private static partial Regex PackagesVersion();

    [GeneratedRegex("Sdk=\"Aspire.AppHost.Sdk\" Version=\"([^\"]+)\"")]
    private static partial Regex Sdk();
}
