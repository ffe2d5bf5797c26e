using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Worker.Hosting;

/// <summary>Reports at start and on <c>/ready</c> that Redis may lose acknowledged writes.</summary>
internal static class RedisDurabilityChecks
{
    public static void AddRedisDurability(this IServiceCollection services)
    {
        services.AddSingleton<RedisDurability>();
        services.AddSingleton<IStartCheck, StartCheck>();
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "durability",
            provider => new ReadyCheck(provider.GetRequiredService<RedisDurability>(), provider.GetRequiredService<RedisOptions>()),
            HealthStatus.Unhealthy, ["ready"]));
    }

    // Resolving this check at start also creates the service that warns at each connect.
    private sealed class StartCheck(RedisConnection redis, RedisDurability durability, RedisOptions options) : IStartCheck
    {
        public async Task CheckAsync(CancellationToken cancellationToken)
        {
            // A process may start before its Redis; it is not ready until Redis has answered.
            if (!await redis.IsConnectedAsync(cancellationToken))
            {
                return;
            }

            try
            {
                if (await durability.FindLackAsync(cancellationToken) is { } lack && options.RequireDurable)
                {
                    throw new ConfigurationException($"{RedisOptions.Section}:{nameof(RedisOptions.RequireDurable)}", lack);
                }
            }
            catch (StoreUnavailableException e) when (e.InnerException is RedisCommandException refusal)
            {
                throw new ConfigurationException($"ConnectionStrings:{RedisHosting.Name}", refusal.Message);
            }
            catch (StoreUnavailableException)
            {
                // The connection is lost again.
            }
        }
    }

    private sealed class ReadyCheck(RedisDurability durability, RedisOptions options) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                return await durability.FindLackAsync(cancellationToken) is not { } lack ? HealthCheckResult.Healthy()
                    : options.RequireDurable ? HealthCheckResult.Unhealthy(lack)
                    : HealthCheckResult.Degraded(lack);
            }
            catch (StoreUnavailableException e)
            {
                return HealthCheckResult.Unhealthy(e.Message);
            }
        }
    }
}
