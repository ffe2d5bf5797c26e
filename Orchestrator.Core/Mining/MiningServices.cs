using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orchestrator.Core.Tasks;

namespace Orchestrator.Core.Mining;

/// <summary>Registers mining.</summary>
public static class MiningServices
{
    /// <summary>
    /// Adds the task <c>mine</c> and <see cref="ShareIntake"/>, enough for a process that only accepts tasks. Needs an
    /// <see cref="IShareLedger"/> and <see cref="MiningOptions"/>.
    /// </summary>
    public static IServiceCollection AddMineTask(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<HashMeter>();
        services.TryAddSingleton<ShareIntake>();
        services.TryAddSingleton<ShareSearch>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITaskHandler, MineHandler>());
        return services;
    }

    /// <summary>
    /// Adds the task <c>mine</c>, the metrics, the health check and the miner. Needs what <see cref="AddMineTask"/> needs
    /// and the host's metrics.
    /// </summary>
    public static IServiceCollection AddMining(this IServiceCollection services)
    {
        services.AddMineTask();
        services.AddSingleton<MiningHealthCheck>();
        services.AddSingleton<MiningGauges>();
        services.AddHostedService(provider => provider.GetRequiredService<MiningGauges>());
        services.AddHostedService<Miner>();
        return services;
    }
}
