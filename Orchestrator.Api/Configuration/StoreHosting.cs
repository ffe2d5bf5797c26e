using Orchestrator.Api.Health;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Registers the store of leases.</summary>
internal static class StoreHosting
{
    /// <summary>
    /// Adds the store: with <c>ConnectionStrings:redis</c> the one that all instances share, else the embedded one of this
    /// process.
    /// </summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.RedisConnectionString() is not null)
        {
            // AddTasks adds the connection and its health check.
            builder.Services.AddRedisRunners();
            return builder;
        }

        builder.Services.AddOptions<SqliteOptions>().BindConfiguration(SqliteOptions.Section).ValidateSettings(SqliteOptions.Section);
        builder.Services.AddSqliteStorage();
        builder.Services.AddStoreCheck();
        builder.Services.AddSingleton<IStartCheck, SqliteStartCheck>();
        return builder;
    }

    // Opens the database before the host does, which would log a stack trace besides the message.
    private sealed class SqliteStartCheck(IServiceProvider provider) : IStartCheck
    {
        public Task CheckAsync(CancellationToken cancellationToken)
        {
            provider.GetRequiredService<SqliteDatabase>();
            return Task.CompletedTask;
        }
    }
}
