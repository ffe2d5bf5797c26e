using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Registers the Docker engine.</summary>
internal static class DockerServices
{
    /// <summary>The engine's client is made at once, so that a wrong address stops the start; it connects when first used.</summary>
    /// <exception cref="OptionsValidationException">The configuration of the engine's address is wrong.</exception>
    public static IServiceCollection AddDockerEngine(this IServiceCollection services, DockerOptions options)
    {
        var client = DockerEndpoint.CreateClient(options);
        services.AddReadiness();
        services.AddSingleton(Options.Create(options));
        services.AddSingleton(_ => client);
        services.AddSingleton<DockerCalls>();
        services.AddSingleton<DockerImages>();
        services.AddSingleton<DockerBridge>();
        services.AddSingleton<LateNetwork>();
        services.AddSingleton<DockerRemoval>();
        services.AddSingleton<DockerLogs>();
        services.AddSingleton<DockerStart>();
        services.AddSingleton<DockerExec>();
        services.AddSingleton<DockerEvents>();
        services.AddSingleton<RunnerContainers>();
        services.AddSingleton<CodeAgents>();
        services.AddSingleton<IRunnerEngine, DockerRunnerEngine>();
        return services;
    }
}
