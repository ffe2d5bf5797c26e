using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Worker.Hosting;

/// <summary>What <c>/ready</c> asks about tasks: does the queue answer?</summary>
public static class QueueCheck
{
    /// <summary>Adds the check of an embedded queue; the client of Redis has a check of its own.</summary>
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
