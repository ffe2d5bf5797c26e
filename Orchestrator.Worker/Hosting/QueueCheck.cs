using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Worker.Hosting;

/// <summary>The check of tasks behind <c>/ready</c>: does the queue answer?</summary>
public static class QueueCheck
{
    /// <summary>Adds the check of an embedded queue; the Redis client brings its own check.</summary>
    public static IServiceCollection AddQueueCheck(this IServiceCollection services)
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "queue", provider => new Check(provider.GetRequiredService<ITaskQueue>()), HealthStatus.Unhealthy, ["ready"]));
        return services;
    }

    private sealed class Check(ITaskQueue queue) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await queue.PingAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (StoreUnavailableException e)
            {
                return HealthCheckResult.Unhealthy(e.Message);
            }
        }
    }
}
