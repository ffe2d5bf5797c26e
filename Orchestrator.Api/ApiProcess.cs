using Orchestrator.Api.Tasks;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api;

/// <summary>This process: its own doors, and the worker's as long as nothing is shared with other processes.</summary>
internal static class ApiProcess
{
    /// <summary>Builds it from arguments, environment and appsettings.json.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="addEngineAndStore">Where runners live, and where it is written whose they are.</param>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder> addEngineAndStore)
    {
        var builder = OrchestratorProcess.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddOrchestratorApi();
        builder.AddTasks();
        addEngineAndStore(builder);

        var app = builder.Build();
        app.UseGuards();
        app.MapDefaultEndpoints();
        app.MapOrchestratorApi();
        app.MapTaskCalls();
        return app;
    }
}
