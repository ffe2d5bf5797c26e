using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker.Hosting;
using Orchestrator.Worker.Mining;
using Orchestrator.Worker.Pod;

namespace Orchestrator.Api.Tasks;

/// <summary>Adds the calls of tasks and, in embedded mode, the worker that runs them.</summary>
internal static class TaskHosting
{
    /// <summary>
    /// With <c>ConnectionStrings:redis</c> the queue is in Redis and workers are separate processes. Without, it is in
    /// the embedded store, and this process is the worker too.
    /// </summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static WebApplicationBuilder AddTasks(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ITaskRunners, LeasedTaskRunners>();
        builder.Services.AddSingleton<TaskSubmission>();
        if (builder.Configuration.RedisConnectionString() is not null)
        {
            builder.Services.AddTaskOptions();
            builder.Services.AddTaskTypes();
            builder.AddRedis(check: "store");
            builder.Services.AddRedisTasks();
            // Only the type and its input schema; workers do the mining.
            builder.Services.AddMiningOptions();
            builder.Services.AddMineTask();
            builder.Services.AddRedisShares();
        }
        else
        {
            builder.AddPod();
            builder.AddMining();
            builder.AddTaskHost();
            builder.Services.AddSqliteTasks();
            builder.Services.AddQueueCheck();
        }

        return builder;
    }

    /// <summary>Maps the calls of tasks, and the pod listener where this process is the worker.</summary>
    public static WebApplication MapTaskCalls(this WebApplication app)
    {
        app.MapTasks();
        if (app.Configuration.RedisConnectionString() is null)
        {
            app.MapPod();
            app.MapMining();
        }

        return app;
    }
}
