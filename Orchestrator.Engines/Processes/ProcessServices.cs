using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Processes;

/// <summary>Registers the engine of local processes.</summary>
internal static class ProcessServices
{
    /// <summary>Adds the engine. Needs <see cref="ProcessOptions"/>; without a folder it is <c>runners</c> in the data folder.</summary>
    public static IServiceCollection AddProcessEngine(this IServiceCollection services)
    {
        services.AddReadiness();
        services.AddOptions<ProcessOptions>().PostConfigure<IConfiguration>((options, configuration) =>
        {
            if (string.IsNullOrWhiteSpace(options.Folder))
            {
                options.Folder = Path.Combine(configuration["Storage:DataFolder"] is { Length: > 0 } data ? data : ".data", "runners");
            }
        });
        services.AddSingleton<ProcessFolders>();
        services.AddSingleton<ProcessStart>();
        services.AddSingleton<IRunnerEngine, ProcessRunnerEngine>();
        return services;
    }
}
