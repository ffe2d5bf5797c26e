namespace Orchestrator.Api.Machines;

/// <summary>Registers what machines need.</summary>
internal static class MachineServices
{
    /// <summary>Adds machines. Needs the domain of runners.</summary>
    public static WebApplicationBuilder AddMachines(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MachinePool>();
        builder.Services.Configure<RouteOptions>(routes => routes.SetParameterPolicy<ProjectIds>(ProjectIds.Constraint));
        return builder;
    }
}
