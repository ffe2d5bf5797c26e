using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Overview;

/// <summary>Registers the services of the overview.</summary>
internal static class OverviewServices
{
    /// <summary>Adds the overview and its links, which are validated at start.</summary>
    public static WebApplicationBuilder AddOverview(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LinksOptions>().BindConfiguration(LinksOptions.Section).ValidateSettings(LinksOptions.Section);
        builder.Services.AddSingleton(provider => provider.GetRequiredService<LinksOptions>().ToLinks());
        builder.Services.AddSingleton<OverviewReader>();
        return builder;
    }
}
