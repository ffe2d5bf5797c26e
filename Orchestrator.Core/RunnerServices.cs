using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
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
    /// <see cref="IRunnerStore"/>, <see cref="RunnerTemplates"/> and <see cref="RunnersOptions"/>.
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
        services.AddSingleton<Afterwards>();
        services.AddSingleton<OrphanKeeper>();
        services.AddSingleton<Reaper>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton(CreateLeases);
        services.AddSingleton<IEnumerable<PoolKeeper>>(provider =>
            [.. provider.GetRequiredService<RunnerTemplates>().All.Select(template => CreateKeeper(provider, template))]);
        services.AddHostedService<RunnerMaintenance>();
        return services;
    }

    private static RunnerLeases CreateLeases(IServiceProvider provider) => new(
        provider.GetRequiredService<IRunnerEngine>(),
        provider.GetRequiredService<IRunnerStore>(),
        provider.GetRequiredService<RunnerStarter>(),
        provider.GetRequiredService<RunnerRemover>(),
        provider.GetRequiredService<RunnerSignals>(),
        provider.GetRequiredService<OwnerTeller>(),
        provider.GetRequiredService<Afterwards>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<RunnerLeases>>());

    private static PoolKeeper CreateKeeper(IServiceProvider provider, RunnerTemplate template) => new(
        template,
        provider.GetRequiredService<IRunnerEngine>(),
        provider.GetRequiredService<Leadership>(),
        provider.GetRequiredService<RunnerStarter>(),
        provider.GetRequiredService<RunnerRemover>(),
        provider.GetRequiredService<RunnerSignals>(),
        provider.GetRequiredService<RunnerMetrics>(),
        provider.GetRequiredService<RunnersOptions>().MaxParallelStarts,
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<Random>(),
        provider.GetRequiredService<ILogger<PoolKeeper>>());
}
