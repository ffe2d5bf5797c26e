using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite.Mining;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Storage.Sqlite.Tasks;

namespace Orchestrator.Storage.Sqlite;

/// <summary>Registers the embedded store.</summary>
public static class SqliteStorageExtensions
{
    /// <summary>
    /// Adds <see cref="IRunnerStore"/> and <see cref="IShareLedger"/> in the data folder of <see cref="SqliteOptions"/>. The
    /// folder is claimed and the database opened when a store is first asked for, which throws
    /// <see cref="StorageException"/> when that fails.
    /// </summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => SqliteDatabase.Open(
            provider.GetRequiredService<IOptions<SqliteOptions>>().Value,
            provider.GetRequiredService<ILogger<SqliteDatabase>>()));
        services.TryAddSingleton<IRunnerStore, SqliteRunnerStore>();
        services.TryAddSingleton<IShareLedger, SqliteShareLedger>();
        return services;
    }

    /// <summary>Adds the task queue and its outbox in the same database; needs <see cref="AddSqliteStorage"/> and <see cref="TasksOptions"/>.</summary>
    public static IServiceCollection AddSqliteTasks(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new SqliteTaskQueue(
            provider.GetRequiredService<SqliteDatabase>(),
            provider.GetRequiredService<TasksOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ITaskQueue>(provider => provider.GetRequiredService<SqliteTaskQueue>());
        services.TryAddSingleton<ICallbackOutbox>(provider => new SqliteCallbackOutbox(
            provider.GetRequiredService<SqliteDatabase>(), provider.GetRequiredService<SqliteTaskQueue>()));
        return services;
    }
}
