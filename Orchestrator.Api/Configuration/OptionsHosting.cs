using Microsoft.Extensions.Options;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;

namespace Orchestrator.Api.Configuration;

/// <summary>Registers the options of runners.</summary>
internal static class OptionsHosting
{
    /// <summary>Adds the options and the templates made of them; they are validated at start.</summary>
    public static WebApplicationBuilder AddRunnerOptions(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        // First of the hosted services: the log begins with the configuration.
        services.AddHostedService<EffectiveConfiguration>();
        services.AddOptions<RunnersOptions>().BindConfiguration(RunnersOptions.Section)
            .Configure<IConfiguration>((options, configuration) =>
            {
                // Two orchestrators on one engine differ in their ports, so their instances must differ too.
                if (string.IsNullOrWhiteSpace(options.Instance))
                {
                    options.Instance = $"port-{(configuration["PORT"] is { } port && !string.IsNullOrWhiteSpace(port) ? port.Trim() : new PortOptions().Sessions)}";
                }
            })
            .ValidateSettings(RunnersOptions.Section);
        services.AddOptions<MachinesOptions>().BindConfiguration(MachinesOptions.Section).ValidateSettings(MachinesOptions.Section);
        services.AddSingleton<IValidateOptions<RunnersOptions>, RunnerAddressRules>();
        services.AddOptions<TemplatesOptions>().BindConfiguration(TemplatesOptions.Section).ValidateSettings(TemplatesOptions.Section);
        services.AddSingleton(provider => RunnerTemplates.Of(
            provider.GetRequiredService<RunnersOptions>(),
            provider.GetRequiredService<MachinesOptions>(),
            provider.GetRequiredService<TemplatesOptions>()));
        return builder;
    }
}
