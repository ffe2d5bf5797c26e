using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Worker.Runners;

namespace Orchestrator.Worker.Hosting;

/// <summary>Registers the stores and runners that a separate worker shares with the other processes.</summary>
internal static class SharedQueue
{
    /// <summary>Adds the queue and the ledger on Redis or Valkey, and the heartbeat of this worker.</summary>
    /// <exception cref="ConfigurationException"><c>ConnectionStrings:redis</c> is not set.</exception>
    public static WebApplicationBuilder AddSharedQueue(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.RedisConnectionString() is null)
        {
            throw new ConfigurationException("ConnectionStrings:redis", "a separate worker shares its queue over Redis or Valkey; without them, the API's process hosts the worker.");
        }

        builder.AddRedis(check: "queue");
        builder.Services.AddRedisTasks();
        builder.Services.AddRedisShares();
        builder.Services.AddHostedService<WorkerTeller>();
        return builder;
    }

    /// <summary>Adds the runners of an API for the task <c>run</c>; the API's address is validated at start.</summary>
    public static WebApplicationBuilder AddRemoteRunners(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<RemoteRunnersOptions>().BindConfiguration(RemoteRunnersOptions.Section).ValidateSettings(RemoteRunnersOptions.Section);
        builder.Services.AddSingleton<ITaskRunners, RemoteTaskRunners>();
        return builder;
    }
}
