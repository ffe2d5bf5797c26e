using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Storage.Redis;
using Orchestrator.Worker.Hosting;
using Orchestrator.Worker.Mining;
using Orchestrator.Worker.Pod;
using Orchestrator.Worker.Runners;

namespace Orchestrator.Worker;

/// <summary>A worker on its own: the pod door, for as many processes as are wanted.</summary>
internal static class WorkerProcess
{
    /// <summary>Builds it from arguments, environment and appsettings.json.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = OrchestratorProcess.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddGuards();
        builder.AddPod();
        builder.AddMining();
        builder.AddSharedQueue();
        builder.AddTaskHost();
        builder.Services.AddHostedService<WorkerTeller>();

        var app = builder.Build();
        app.UseGuards();
        app.MapDefaultEndpoints();
        app.MapPod();
        app.MapMining();
        return app;
    }

    private static void AddSharedQueue(this WebApplicationBuilder builder)
    {
        var redis = builder.Configuration.RedisConnectionString()
            ?? throw new ConfigurationException("ConnectionStrings:redis", "a worker on its own shares its queue over Redis or Valkey; without one, the API's process hosts the worker.");
        builder.Services.AddRedis(redis, builder.Configuration.ReadRedisOptions());
        builder.Services.AddRedisTasks();
        builder.Services.AddRedisShares();
        builder.Services.AddSingleton(builder.Configuration.ReadRemoteRunners());
        builder.Services.AddSingleton<ITaskRunners, RemoteTaskRunners>();
    }
}
