using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Worker.Hosting;

/// <summary>Says at the start and on <c>/ready</c> when Redis does not keep what it acknowledged.</summary>
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

    // Made at every start, it also makes what warns at each connect.
    private sealed class StartCheck(RedisConnection redis, RedisDurability durability, RedisOptions options) : IStartCheck
    {
        public async Task CheckAsync(CancellationToken cancellationToken)
        {
            // A process starts before its Redis does; until that has answered it is not ready.
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
                // Lost again already.
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
