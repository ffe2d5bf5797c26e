using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Worker.Hosting;
using Orchestrator.Worker.Mining;
using Orchestrator.Worker.Pod;

namespace Orchestrator.Worker;

/// <summary>A separate worker with the pod listener; any number of them may run.</summary>
internal static class WorkerProcess
{
    public static Task<int> Main(string[] args) => OrchestratorProcess.RunAsync(() => CreateBuilder(args), Build);

    /// <summary>Adds its services; settings come from arguments, environment and appsettings.json.</summary>
    /// <exception cref="ConfigurationException">No Redis is named.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = OrchestratorProcess.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddGuards();
        builder.AddPod();
        builder.AddMining();
        builder.AddSharedQueue();
        builder.AddRemoteRunners();
        builder.AddTaskHost();
        return builder;
    }

    /// <summary>Builds it, which validates its settings, and maps its calls.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.UseGuards();
        app.MapDefaultEndpoints();
        app.MapPod();
        app.MapMining();
        return app;
    }
}
