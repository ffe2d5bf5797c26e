using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;

namespace Orchestrator.Api.Health;

/// <summary>The checks behind <c>/ready</c>: do engine and store answer?</summary>
internal static class ReadyChecks
{
    private const string ReadyTag = "ready";

    public static void AddEngineCheck(this IServiceCollection services) => services.AddHealthChecks().Add(new HealthCheckRegistration(
        "engine", provider => CheckOf(provider.GetRequiredService<IRunnerEngine>()), null, [ReadyTag]));

    /// <summary>For the embedded store; the Redis client brings its own check.</summary>
    public static void AddStoreCheck(this IServiceCollection services) => services.AddHealthChecks()
        .Add(new HealthCheckRegistration(
            "store", provider => new Check(cancel => provider.GetRequiredService<IRunnerStore>().PingAsync(cancel).AsTask()), null, [ReadyTag]));

    // An engine that can't isolate runners serves, but degraded.
    private static Check CheckOf(IRunnerEngine engine) => new(
        engine.PingAsync,
        engine.Capabilities.Missing is { Count: > 0 } missing ? HealthCheckResult.Degraded($"without {string.Join(", ", missing)}") : null);

    private sealed class Check(Func<CancellationToken, Task> ping, HealthCheckResult? answering = null) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await ping(cancellationToken);
                return answering ?? HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (exception is EngineException or StoreUnavailableException)
            {
                return HealthCheckResult.Unhealthy(exception.Message);
            }
        }
    }
}
