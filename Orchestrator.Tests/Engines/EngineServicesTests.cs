using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Configuration;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Tests.Engines;

/// <summary>Which engine is chosen.</summary>
public sealed class EngineServicesTests
{
    private const string Dead = "unix:///nowhere/docker.sock";

    [Theory]
    [InlineData("Development", null, "docker")]
    [InlineData("Development", "auto", "docker")]
    [InlineData("Development", "docker", "docker")]
    [InlineData("Development", "process", "process")]
    [InlineData("Production", null, "docker")]
    [InlineData("Staging", "docker", "docker")]
    public void AddRunnerEngine_NamedDockerIsDown_NeverGoesWithoutIsolation(string environment, string? engine, string kind)
    {
        using var provider = Build(environment, ("Engine", engine), ("DOCKER_HOST", Dead));

        Assert.Equal(kind, provider.GetRequiredService<IRunnerEngine>().Kind);
    }

    [Fact]
    public async Task StartCheck_NamedDockerIsDown_NamesTheSetting()
    {
        using var provider = Build("Development", ("DOCKER_HOST", Dead));

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => CheckAsync(provider));

        Assert.Equal("DOCKER_HOST", refusal.Setting);
        Assert.Contains(Dead, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartCheck_EngineHangs_EndsInTime()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var provider = Build("Development", ("DOCKER_HOST", $"tcp://{silent.LocalEndpoint}"));

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(
            () => CheckAsync(provider).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        Assert.Equal("DOCKER_HOST", refusal.Setting);
    }

    [Fact]
    public void AddRunnerEngine_NodeSaysProduction_RefusesProcesses()
    {
        using var provider = Build("Development", ("Engine", "process"), ("NODE_ENV", "production"));

        Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
    }

    [Theory]
    [InlineData("Production", "Engine", "process", "Engine")]
    [InlineData("Development", "Engine", "kubernetes", "Engine")]
    [InlineData("Production", "DOCKER_HOST", "ssh://somewhere", "DOCKER_HOST")]
    [InlineData("Production", "DOCKER_HOST", "not an address", "DOCKER_HOST")]
    [InlineData("Production", "DOCKER_CERT_PATH", "/nowhere", "DOCKER_CERT_PATH")]
    [InlineData("Production", "Docker:CallTimeoutSeconds", "0", "CallTimeoutSeconds")]
    public void AddRunnerEngine_WrongValue_StopsTheStartAndNamesIt(string environment, string key, string value, string named)
    {
        (string, string?)[] settings = key == "DOCKER_HOST" ? [(key, value)] : [(key, value), ("DOCKER_HOST", "tcp://127.0.0.1:1")];

        using var provider = Build(environment, settings);

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static Task CheckAsync(ServiceProvider provider) =>
        provider.GetRequiredService<IStartCheck>().CheckAsync(TestContext.Current.CancellationToken);

    private static ServiceProvider Build(string environment, params (string Key, string? Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value)));
        builder.Configuration["Processes:Folder"] = Path.Combine(Path.GetTempPath(), "orchestrator-tests-none");
        SettingNames.Apply(builder.Configuration);
        builder.Services.AddSingleton(new RunnersOptions { Instance = "test" });
        builder.Services.AddSingleton(new RunnerTemplates([]));
        builder.Services.AddEngineOptions();
        builder.Services.AddSingleton<IStartCheck, EngineStartCheck>();
        builder.AddRunnerEngine();
        return builder.Services.BuildServiceProvider();
    }
}
