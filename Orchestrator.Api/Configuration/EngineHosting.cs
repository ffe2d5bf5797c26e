using Orchestrator.Engines;
using Orchestrator.Engines.Docker;
using Orchestrator.Engines.Processes;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Registers the engine that runs the runners.</summary>
internal static class EngineHosting
{
    /// <summary>Adds the engine; its settings are validated at start.</summary>
    public static WebApplicationBuilder AddEngine(this WebApplicationBuilder builder)
    {
        builder.Services.AddEngineOptions();
        builder.AddRunnerEngine();
        builder.Services.AddSingleton<IStartCheck, EngineStartCheck>();
        return builder;
    }

    /// <summary>Adds <c>Engine</c> and the sections of both engines; they are validated at start.</summary>
    public static IServiceCollection AddEngineOptions(this IServiceCollection services)
    {
        services.AddOptions<EngineOptions>().BindConfiguration(EngineOptions.Section).ValidateSettings(EngineOptions.Section);
        services.AddOptions<DockerOptions>().BindConfiguration(DockerOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.TlsVerify |= DockerOptions.VerifiesTls(configuration))
            .ValidateSettings(DockerOptions.Section);
        services.AddOptions<ProcessOptions>().BindConfiguration(ProcessOptions.Section).ValidateSettings(ProcessOptions.Section);
        return services;
    }
}
