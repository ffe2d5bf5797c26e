using Orchestrator.Api.Configuration;
using Orchestrator.Api.Health;
using Orchestrator.Api.Machines;
using Orchestrator.Api.OpenApi;
using Orchestrator.Api.Overview;
using Orchestrator.Api.Page;
using Orchestrator.Api.Sessions;
using Orchestrator.Api.Tasks;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Storage.Sqlite;

namespace Orchestrator.Api;

/// <summary>The API: sessions and machines, and in embedded mode the worker too.</summary>
internal static class ApiProcess
{
    public static Task<int> Main(string[] args) =>
        OrchestratorProcess.RunAsync(() => CreateBuilder(args), Build, failure => failure is StorageException);

    /// <summary>Adds its services; settings come from arguments, environment and appsettings.json.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = OrchestratorProcess.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddGuards();
        builder.AddApiListeners();
        builder.AddRunnerOptions();
        builder.AddSessions();
        builder.AddMachines();
        builder.AddTasks();
        builder.AddOverview();
        builder.AddOpenApiDocument();
        builder.AddEngine();
        builder.AddStore();
        return builder;
    }

    /// <summary>Builds it, which validates its settings, and maps its calls.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.UseGuards();
        app.UseWebSockets();
        app.MapDefaultEndpoints();
        app.MapEngineHealth();
        app.MapSessions();
        app.MapMachines();
        app.MapTaskCalls();
        app.MapOverview();
        app.MapPage();
        app.MapOpenApiDocument();
        return app;
    }
}
