using System.Diagnostics;
using Aspire.Hosting.Testing;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>What the Aspire application publishes, as far as the packages go that this was built with.</summary>
public sealed class TargetTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _published = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("compose", "Aspire.Hosting.Docker", "-p:AspirePublishers=true")]
    [InlineData("azure", "Aspire.Hosting.Azure.AppContainers", "-p:AspirePublishers=true")]
    [InlineData("kubernetes", "Aspire.Hosting.Kubernetes", "-p:AspireKubernetesVersion=")]
    public async Task Target_WithoutItsPackage_SaysWhichAndWhatToDo(string target, string package, string remedy)
    {
        Assert.SkipWhen(IsThere(package), $"This was built with {package}.");

        var error = await Assert.ThrowsAnyAsync<Exception>(() => BuildAsync(target));

        Assert.Contains($"Target '{target}' needs the package {package}", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(remedy, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_Unknown_SaysWhichThereAre()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => BuildAsync("moon"));

        Assert.Contains("Target 'moon' is not compose, kubernetes or azure.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compose_Published_HasTheEngineForTheApiAndAKeyAtEveryDoor()
    {
        Assert.SkipUnless(IsThere("Aspire.Hosting.Docker"), "The package feed has no Aspire.Hosting.Docker, so nothing can be published.");

        var file = await PublishAsync("compose");

        Assert.Contains("source: \"/var/run/docker.sock\"", file, StringComparison.Ordinal);
        Assert.Contains("${DOCKER_GROUP:?", file, StringComparison.Ordinal);
        Assert.Contains("--appendonly yes\"", file, StringComparison.Ordinal);
        // API and worker.
        Assert.Equal(2, file.Split("Security__ApiKeys: \"${API_KEY}\"").Length - 1);
        Assert.Equal(2, file.Split("ASPNETCORE_ENVIRONMENT: \"Production\"").Length - 1);
    }

    public void Dispose() => _published.Dispose();

    private static bool IsThere(string package) => File.Exists(Path.Combine(AppContext.BaseDirectory, $"{package}.dll"));

    private static Task<IDistributedApplicationTestingBuilder> BuildAsync(string target) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.Orchestrator_AppHost>(["--operation", "publish", $"--Target={target}"], Stop);

    /// <summary>Publishes as <c>aspire publish</c> does, in a process of its own.</summary>
    private async Task<string> PublishAsync(string target)
    {
        var project = Path.Combine(Repository.Root, "Orchestrator.AppHost");
        var program = Path.Combine(project, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Orchestrator.AppHost.dll");
        using var publish = Process.Start(
            new ProcessStartInfo("dotnet", [program, "--operation", "publish", "--step", "publish", "--output-path", _published.Path, $"--Target={target}"])
            {
                WorkingDirectory = project,
                RedirectStandardOutput = true,
            })!;
        var said = await publish.StandardOutput.ReadToEndAsync(Stop).WaitAsync(Limit, Stop);
        await publish.WaitForExitAsync(Stop).WaitAsync(Limit, Stop);
        Assert.True(publish.ExitCode == 0, said);
        return await File.ReadAllTextAsync(Path.Combine(_published.Path, "docker-compose.yaml"), Stop);
    }
}
