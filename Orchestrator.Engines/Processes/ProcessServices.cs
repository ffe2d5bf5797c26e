using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Processes;

/// <summary>Registers the engine of local processes.</summary>
internal static class ProcessServices
{
    /// <summary>Its folder is <c>Processes:Folder</c>, else <c>runners</c> in the data folder.</summary>
    public static IServiceCollection AddProcessEngine(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(ProcessOptions.Section).Get<ProcessOptions>() ?? new ProcessOptions();
        if (string.IsNullOrWhiteSpace(options.Folder))
        {
            options.Folder = Path.Combine(configuration["Storage:DataFolder"] is { Length: > 0 } data ? data : ".data", "runners");
        }

        services.AddReadiness();
        services.AddSingleton(options);
        services.AddSingleton<ProcessFolders>();
        services.AddSingleton<ProcessStart>();
        services.AddSingleton<IRunnerEngine, ProcessRunnerEngine>();
        return services;
    }
}
