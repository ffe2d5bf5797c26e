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
        var sdk = Version.Parse(Sdk().Match(Read("Orchestrator.AppHost.csproj")).Groups[1].Value);

        Assert.Equal((packages.Major, packages.Minor), (sdk.Major, sdk.Minor));
        Assert.True(sdk <= packages);
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
    [InlineData("prometheus/Dockerfile", Composition.Images.Prometheus, Composition.Images.PrometheusTag)]
    [InlineData("grafana/Dockerfile", Composition.Images.Grafana, Composition.Images.GrafanaTag)]
    public void Image_Published_IsTheOneThatRunsHere(string file, string image, string tag) =>
        Assert.Contains($"FROM {image}:{tag}\n", Read(file), StringComparison.Ordinal);

    [Fact]
    public void Images_OfDockerCompose_AreThoseThatRunHere() => Assert.All(
        Composition.Images.All,
        image => Assert.Contains(image.Replace("docker.io/", "${REGISTRY:-docker.io}/", StringComparison.Ordinal), Read("../deploy/compose.yaml"), StringComparison.Ordinal));

    [Fact]
    public void ScrapeTargets_Written_AreGroupedByJobBesideTheConfiguration()
    {
        using var folder = new TemporaryFolder();
        var targets = ScrapeTargets.Prepare(Path.Combine(Folder, "prometheus"), folder.Path);

        targets.Write([("b", 2), ("a", 3), ("a", 1)]);

        Assert.Equal(
            """[{"targets":["127.0.0.1:1","127.0.0.1:3"],"labels":{"job":"a"}},{"targets":["127.0.0.1:2"],"labels":{"job":"b"}}]""",
            File.ReadAllText(Path.Combine(folder.Path, "targets.json")));
        Assert.True(File.Exists(targets.Configuration));
        Assert.True(File.Exists(Path.Combine(folder.Path, "rules", "alerts.yml")));
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

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    [GeneratedRegex("<AspireVersion>(.+)</AspireVersion>")]
    private static partial Regex PackagesVersion();

    [GeneratedRegex("Sdk=\"Aspire.AppHost.Sdk/([^\"]+)\"")]
    private static partial Regex Sdk();
}
