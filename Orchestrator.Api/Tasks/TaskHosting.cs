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

/// <summary>Adds what takes tasks in, and where nothing is shared with other processes what works them off.</summary>
internal static class TaskHosting
{
    /// <summary>
    /// With <c>ConnectionStrings:redis</c> the queue is there, and workers are processes of their own. Without, it is in
    /// the embedded store, and this process is the worker, too.
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
            // Only to know the type and its inputs; mined is in the workers.
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
