using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Registers the Docker engine.</summary>
internal static class DockerServices
{
    /// <summary>Adds the engine. Needs <see cref="DockerOptions"/>; its client connects when first used.</summary>
    public static IServiceCollection AddDockerEngine(this IServiceCollection services)
    {
        services.AddReadiness();
        services.AddSingleton<IValidateOptions<DockerOptions>, DockerRules>();
        services.AddSingleton(provider => DockerEndpoint.CreateClient(provider.GetRequiredService<IOptions<DockerOptions>>().Value));
        services.AddSingleton<DockerCalls>();
        services.AddSingleton<DockerImages>();
        services.AddSingleton<GuestVolume>();
        services.AddSingleton<StartCommands>();
        services.AddSingleton<DockerBridge>();
        services.AddSingleton<LateNetwork>();
        services.AddSingleton<DockerRemoval>();
        services.AddSingleton<DockerLogs>();
        services.AddSingleton<DockerStart>();
        services.AddSingleton<DockerExecs>();
        services.AddSingleton<DockerExec>();
        services.AddSingleton<DockerEvents>();
        services.AddSingleton<DockerObstacles>();
        services.AddSingleton<RunnerContainers>();
        services.AddSingleton<CodeAgents>();
        services.AddSingleton<IRunnerEngine, DockerRunnerEngine>();
        return services;
    }
}
