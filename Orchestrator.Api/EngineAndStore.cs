using Orchestrator.Api.Configuration;
using Orchestrator.Engines;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api;

/// <summary>Where runners live, and where it is written whose they are.</summary>
internal static class EngineAndStore
{
    /// <summary>Adds the engine that the configuration names, and the store.</summary>
    /// <exception cref="ConfigurationException">A setting of the store is wrong.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting of the engine is wrong.</exception>
    public static void Add(WebApplicationBuilder builder)
    {
        builder.AddRunnerEngine();
        AddStore(builder);
    }

    /// <summary>
    /// Adds the store: with <c>ConnectionStrings:redis</c> the one that every instance shares, else the embedded one of this
    /// process alone.
    /// </summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static void AddStore(WebApplicationBuilder builder)
    {
        if (builder.Configuration.RedisConnectionString() is not null)
        {
            // The connection itself is there with the tasks.
            builder.Services.AddRedisRunners();
            return;
        }

        var storage = OptionsReader.Read<SqliteOptions>(builder.Configuration, SqliteOptions.Section, (section, options) => section.Bind(options));
        builder.Services.AddSqliteStorage(options => (options.DataFolder, options.Durability) = (storage.DataFolder, storage.Durability));
    }
}
