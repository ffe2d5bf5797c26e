using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Core.Templates;
using Orchestrator.Storage.Redis.Mining;
using Orchestrator.Storage.Redis.Runners;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Storage.Redis.Workers;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>Registers the shared store.</summary>
public static class RedisStorageExtensions
{
    /// <summary>
    /// Adds the connection that every store on Redis or Valkey shares; needs <see cref="RedisOptions"/>, and an
    /// <see cref="IConnectionMultiplexer"/> configured by <see cref="RedisClient"/>, which is resolved on first use.
    /// </summary>
    public static IServiceCollection AddRedisConnection(this IServiceCollection services) =>
        services.AddSingleton(provider => new RedisConnection(
            provider.GetRequiredService<IConnectionMultiplexer>,
            provider.GetRequiredService<RedisOptions>(),
            provider.GetRequiredService<ILogger<RedisConnection>>()));

    /// <summary>Adds the task queue, its outbox and the list of its workers; needs <see cref="AddRedisConnection"/> and <see cref="TasksOptions"/>.</summary>
    public static IServiceCollection AddRedisTasks(this IServiceCollection services)
    {
        services.AddSingleton(provider => new RedisTaskQueue(
            provider.GetRequiredService<RedisConnection>(), provider.GetRequiredService<TasksOptions>()));
        services.AddSingleton<ITaskQueue>(provider => provider.GetRequiredService<RedisTaskQueue>());
        services.AddSingleton<RedisWorkers>();
        services.AddSingleton<ICallbackOutbox, RedisCallbackOutbox>(provider => new RedisCallbackOutbox(
            provider.GetRequiredService<RedisConnection>(), provider.GetRequiredService<RedisTaskQueue>()));
        return services;
    }

    /// <summary>
    /// Adds the store of runners and the lock of their leader, shared by every instance; needs
    /// <see cref="AddRedisConnection"/> and <see cref="RunnersOptions"/>.
    /// </summary>
    public static IServiceCollection AddRedisRunners(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new RedisRunnerStore(
            provider.GetRequiredService<RedisConnection>(),
            TimeSpan.FromSeconds(provider.GetRequiredService<RunnersOptions>().LeaderSeconds),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IRunnerStore>(provider => provider.GetRequiredService<RedisRunnerStore>());
        services.AddSingleton<IRunnerChanges>(provider => provider.GetRequiredService<RedisRunnerStore>());
        services.AddSingleton<IMaintenanceLock>(provider => new RedisMaintenanceLock(
            provider.GetRequiredService<RedisConnection>(), provider.GetRequiredService<RedisRunnerStore>()));
        return services;
    }

    /// <summary>Adds the ledger of shares; needs <see cref="AddRedisConnection"/>.</summary>
    public static IServiceCollection AddRedisShares(this IServiceCollection services) =>
        services.AddSingleton<IShareLedger>(provider => new RedisShareLedger(provider.GetRequiredService<RedisConnection>()));
}
