using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;

namespace Orchestrator.Worker.Hosting;

/// <summary>Registers the options of tasks, for every process that accepts or runs tasks.</summary>
public static class WorkerSettings
{
    /// <summary>The connection string of Redis or Valkey (<c>ConnectionStrings:redis</c>); null in embedded mode.</summary>
    public static string? RedisConnectionString(this IConfiguration configuration) =>
        configuration.GetConnectionString(RedisHosting.Name) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>Adds sections <c>Tasks</c> and <c>Callbacks</c>; they are validated at start.</summary>
    public static IServiceCollection AddTaskOptions(this IServiceCollection services)
    {
        services.AddOptions<TasksOptions>().BindConfiguration(TasksOptions.Section).ValidateSettings(TasksOptions.Section);
        services.AddOptions<CallbackOptions>().BindConfiguration(CallbackOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.Allowed =
                configuration.GetSection($"{CallbackOptions.Section}:{nameof(CallbackOptions.Allowed)}").ReadList(',', ';'))
            .ValidateSettings(CallbackOptions.Section);
        return services;
    }

    /// <summary>Adds section <c>Mining</c>; it is validated at start.</summary>
    public static IServiceCollection AddMiningOptions(this IServiceCollection services)
    {
        services.AddOptions<MiningOptions>().BindConfiguration(MiningOptions.Section).ValidateSettings(MiningOptions.Section);
        return services;
    }

    /// <summary>Adds section <c>Redis</c>; it is validated at start.</summary>
    public static IServiceCollection AddRedisOptions(this IServiceCollection services)
    {
        services.AddOptions<RedisOptions>().BindConfiguration(RedisOptions.Section).ValidateSettings(RedisOptions.Section);
        return services;
    }
}
