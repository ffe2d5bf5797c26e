using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks;

/// <summary>Registers the tasks' domain.</summary>
public static class TaskServices
{
    /// <summary>
    /// Adds the task types, for processes that accept or run tasks: <c>add</c>, <c>fibonacci</c>, and <c>run</c>, which
    /// needs <see cref="ITaskRunners"/>. Needs <see cref="TasksOptions"/> and <see cref="CallbackOptions"/>. A further type is
    /// a further <see cref="ITaskHandler"/> in the services.
    /// </summary>
    public static IServiceCollection AddTaskTypes(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        if (services.Any(service => service.ServiceType == typeof(TaskTypes)))
        {
            return services;
        }

        services.AddSingleton<CallbackRules>();
        services.AddSingleton<ITaskHandler, AddHandler>();
        services.AddSingleton(provider => new FibonacciHandler(provider.GetRequiredService<TasksOptions>().FibonacciLimit));
        services.AddSingleton<ITaskHandler>(provider => provider.GetRequiredService<FibonacciHandler>());
        services.AddSingleton<ITaskHandler, RunHandler>();
        services.AddSingleton<TaskTypes>();
        return services;
    }

    /// <summary>
    /// Adds the loops that work through tasks in this process: the processor, the courier of callbacks and the janitor. Needs
    /// <see cref="AddTaskTypes"/>, an <see cref="ITaskQueue"/>, its <see cref="ICallbackOutbox"/> and an <see cref="ICallbackSender"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="workerId">Gives this worker's name.</param>
    public static IServiceCollection AddTaskProcessor(this IServiceCollection services, Func<IServiceProvider, string> workerId)
    {
        services.AddSingleton<TaskMetrics>();
        services.AddSingleton(provider => new TaskProcessor(
            workerId(provider),
            provider.GetRequiredService<ITaskQueue>(),
            provider.GetRequiredService<TaskTypes>(),
            provider.GetRequiredService<TasksOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<TaskProcessor>());
        services.AddHostedService<CallbackCourier>();
        services.AddHostedService<TaskJanitor>();
        return services;
    }
}
