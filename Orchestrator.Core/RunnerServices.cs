using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core;

/// <summary>Registers the runners' domain.</summary>
public static class RunnerServices
{
    /// <summary>
    /// Adds <see cref="RunnerLeases"/> and the loops behind it. Needs an <see cref="IRunnerEngine"/>, an
    /// <see cref="IRunnerStore"/>, <see cref="RunnerTemplates"/> and <see cref="RunnersOptions"/>; <see cref="IGuests"/> comes with the engine.
    /// </summary>
    public static IServiceCollection AddRunners(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.AddSingleton<RunnerSignals>();
        services.AddSingleton<RunnerMetrics>();
        services.AddSingleton(provider => new StartGate(provider.GetRequiredService<RunnersOptions>().MaxParallelStarts));
        services.TryAddSingleton<IMaintenanceLock, AlwaysLeading>();
        services.AddSingleton<Leadership>();
        services.AddSingleton<RunnerRemover>();
        services.AddSingleton<RunnerStarter>();
        services.AddSingleton<OwnerTeller>();
        services.AddSingleton<DeferredWork>();
        services.AddSingleton<LogFeeds>();
        services.AddSingleton<OrphanCollector>();
        services.AddSingleton<Reaper>();
        services.AddSingleton<Reconciler>();
        services.TryAddSingleton<IGuests, NoGuests>();
        services.AddSingleton<RunnerLeases>();
        services.AddSingleton<IEnumerable<PoolKeeper>>(provider =>
            [.. provider.GetRequiredService<RunnerTemplates>().All.Select(template => ActivatorUtilities.CreateInstance<PoolKeeper>(provider, template))]);
        services.AddHostedService<RunnerMaintenance>();
        return services;
    }
}
