using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Orchestrator.AppHost;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>Aspire applications that can't be as they should.</summary>
[Collection(OnAspire.Name)]
public sealed class AspireStartTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_OfAPartThatCantBe_FailsAtOnceWithItsName()
    {
        await using var app = await AspireApp.BuildAsync(
            builder =>
            {
                foreach (var service in builder.Resources.OfType<ProjectResource>().ToList())
                {
                    builder.Resources.Remove(service);
                }

                builder.Resources.OfType<ContainerResource>().Single(part => part.Name == Composition.Names.Prometheus).Entrypoint = "/no/such/program";
            },
            Stop);

        // Not a TimeoutException: the limit is not waited for.
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync(Limit, Stop));

        Assert.StartsWith($"Part {Composition.Names.Prometheus} can't be started", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("compose", "Aspire.Hosting.Docker", "-p:AspirePublishers=true")]
    [InlineData("azure", "Aspire.Hosting.Azure.AppContainers", "-p:AspirePublishers=true")]
    [InlineData("kubernetes", "Aspire.Hosting.Kubernetes", "-p:AspireKubernetesVersion=")]
    public async Task Target_WithoutItsPackage_SaysWhichAndWhatToDo(string target, string package, string remedy)
    {
        Assert.SkipWhen(File.Exists(Path.Combine(AppContext.BaseDirectory, $"{package}.dll")), $"This was built with {package}.");

        var error = await Assert.ThrowsAnyAsync<Exception>(() => PublishAsync(target));

        Assert.Contains($"Target '{target}' needs the package {package}", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(remedy, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_Unknown_SaysWhichThereAre()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => PublishAsync("moon"));

        Assert.Contains("Target 'moon' is not compose, kubernetes or azure.", error.ToString(), StringComparison.Ordinal);
    }

    private static Task<IDistributedApplicationTestingBuilder> PublishAsync(string target) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.Orchestrator_AppHost>(["--operation", "publish", $"--Target={target}"], Stop);
}
