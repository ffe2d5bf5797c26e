using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Script;

/// <summary><c>eng/find-flavor</c>, run for real in a repository of its own, against feeds of our own.</summary>
public sealed class FindFlavorTests : IDisposable
{
    private const string Docker = "Docker.DotNet.Enhanced";
    private const string Compose = "Aspire.Hosting.Docker";
    private const string Azure = "Aspire.Hosting.Azure.AppContainers";

    private static readonly string[] Files =
    [
        "global.json", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "eng/Compat.targets", "eng/FlavorHint.targets",
        "eng/find-flavor", "Orchestrator.AppHost/Orchestrator.AppHost.csproj",
    ];

    private readonly TemporaryFolder _folder = new();

    private static PackageFeed Everything => new(
        Docker, "Docker.DotNet.Enhanced.X509", "OpenTelemetry.Extensions.Hosting", "StackExchange.Redis",
        "Aspire.Hosting.AppHost", "Aspire.Hosting.Redis", "Aspire.Hosting.Testing", Azure, Compose);

    [Fact]
    public async Task Feed_WithEverything_AllowsTheFullFlavour() =>
        Assert.Equal(("flavor: full", "<PackageFlavor>full</PackageFlavor>"), await FindAsync(Everything));

    [Fact]
    public async Task Feed_WithoutPublishers_AllowsTheFullFlavourWithoutThem() => Assert.Equal(
        ($"flavor: full, without Aspire's publishers (the package feed has no {Azure}, {Compose})",
            "<PackageFlavor>full</PackageFlavor><AspirePublishers>false</AspirePublishers>"),
        await FindAsync(Everything.Without(Azure, Compose)));

    [Fact]
    public async Task Feed_WithAPublisherOnlyInALaterVersion_AllowsTheFullFlavourWithoutPublishers() => Assert.Equal(
        ($"flavor: full, without Aspire's publishers (the package feed has no {Compose} {Everything[Compose]})",
            "<PackageFlavor>full</PackageFlavor><AspirePublishers>false</AspirePublishers>"),
        await FindAsync(Everything.WithLater(Compose)));

    [Fact]
    public async Task Feed_WithoutAPackageOfTheProduct_AllowsCompatAndNamesAllThatIsMissing() => Assert.Equal(
        ($"flavor: compat (the package feed has no {Compose}, {Docker})", "<PackageFlavor>compat</PackageFlavor>"),
        await FindAsync(Everything.Without(Compose, Docker)));

    [Fact]
    public async Task Feed_WithAPackageOfTheProductOnlyInALaterVersion_AllowsCompat() => Assert.Equal(
        ($"flavor: compat (the package feed has no Aspire.Hosting.Redis {Everything["Aspire.Hosting.Redis"]})", "<PackageFlavor>compat</PackageFlavor>"),
        await FindAsync(Everything.WithLater("Aspire.Hosting.Redis")));

    [Fact]
    public async Task Feed_WithoutTheSdk_AllowsCompat() => Assert.Equal(
        ($"flavor: compat (the package feed has no Aspire.AppHost.Sdk {Everything["Aspire.AppHost.Sdk"]})", "<PackageFlavor>compat</PackageFlavor>"),
        await FindAsync(Everything.Without("Aspire.AppHost.Sdk")));

    [Fact]
    public async Task Feed_ThatIsNotThere_MeansCompatUntilSomebodyLooksAgain() => Assert.Equal(
        ("flavor: compat (the package feed does not answer; delete eng/flavor.props to look again)", "<PackageFlavor>compat</PackageFlavor>"),
        await FindAsync(null));

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs it.</summary>
    /// <returns>Its last line, and the properties that it wrote.</returns>
    private async Task<(string Said, string Properties)> FindAsync(PackageFeed? feed)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script is for Linux, macOS and WSL.");
        foreach (var file in Files)
        {
            var copy = Path.Combine(_folder.Path, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(Repository.Root, file), copy);
        }

        feed?.WriteTo(Path.Combine(_folder.Path, "feed"));
        // Nobody listens on port 1.
        var source = feed is null ? "http://127.0.0.1:1/index.json" : "feed";
        await File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "nuget.config"),
            $"""<configuration><packageSources><clear /><add key="feed" value="{source}" allowInsecureConnections="true" /></packageSources></configuration>""");
        var start = new ProcessStartInfo("bash", [Path.Combine(_folder.Path, "eng", "find-flavor"), "60"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = Path.Combine(_folder.Path, "packages");
        start.Environment["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var run = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var output = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(limit.Token), run.StandardError.ReadToEndAsync(limit.Token));
        await run.WaitForExitAsync(limit.Token);
        Assert.True(run.ExitCode == 0, string.Concat(output));

        var properties = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "eng", "flavor.props"));
        return (output[0].TrimEnd(), properties.Trim().Replace("<Project><PropertyGroup>", "", StringComparison.Ordinal).Replace("</PropertyGroup></Project>", "", StringComparison.Ordinal));
    }
}
