using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Health;

namespace Orchestrator.Api.Health;

/// <summary>The checks behind <c>/ready</c>: can the engine start runners, and does the store take a write?</summary>
internal static class ReadyChecks
{
    private const string ReadyTag = "ready";
    private static readonly TimeSpan WriteHolds = TimeSpan.FromSeconds(1);

    public static void AddEngineCheck(this IServiceCollection services)
    {
        services.AddSingleton<EngineReadyCheck>();
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "engine", provider => provider.GetRequiredService<EngineReadyCheck>(), null, [ReadyTag]));
    }

    /// <summary>For the embedded store; that of Redis comes with its client.</summary>
    public static void AddStoreCheck(this IServiceCollection services)
    {
        services.AddKeyedSingleton("store", (provider, _) => new RememberedCheck(
            cancel => WriteAsync(provider.GetRequiredService<IRunnerStore>(), cancel), WriteHolds, provider.GetRequiredService<TimeProvider>()));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "store", provider => provider.GetRequiredKeyedService<RememberedCheck>("store"), null, [ReadyTag]));
    }

    private static async Task<HealthCheckResult> WriteAsync(IRunnerStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.TestWriteAsync(cancellationToken).AsTask().WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (StoreUnavailableException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}
