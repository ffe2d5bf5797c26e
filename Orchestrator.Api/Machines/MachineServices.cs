namespace Orchestrator.Api.Machines;

/// <summary>Registers the services of machines.</summary>
internal static class MachineServices
{
    /// <summary>Adds machines. Requires the domain of runners.</summary>
    public static WebApplicationBuilder AddMachines(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MachinePool>();
        builder.Services.Configure<RouteOptions>(routes => routes.SetParameterPolicy<ProjectIds>(ProjectIds.Constraint));
        return builder;
    }
}
