using Orchestrator.Api.Health;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Where it is written whose runners are.</summary>
internal static class StoreHosting
{
    /// <summary>
    /// Adds the store: with <c>ConnectionStrings:redis</c> the one that every instance shares, else the embedded one of this
    /// process alone.
    /// </summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.RedisConnectionString() is not null)
        {
            // The connection itself is there with the tasks, and so is its check.
            builder.Services.AddRedisRunners();
            return builder;
        }

        builder.Services.AddOptions<SqliteOptions>().BindConfiguration(SqliteOptions.Section).ValidateSettings(SqliteOptions.Section);
        builder.Services.AddSqliteStorage();
        builder.Services.AddStoreCheck();
        return builder;
    }
}
