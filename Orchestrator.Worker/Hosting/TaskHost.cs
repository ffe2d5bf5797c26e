using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Worker.Callbacks;

namespace Orchestrator.Worker.Hosting;

/// <summary>Hosts the task processor: in a worker on its own, and in the API's process when nothing is shared.</summary>
public static class TaskHost
{
    // Beyond what the drain itself takes.
    private static readonly TimeSpan ShutdownReserve = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds task types, processor and callbacks. Needs the queue and its outbox, and what <c>run</c> gets its runners from.
    /// </summary>
    public static WebApplicationBuilder AddTaskHost(this WebApplicationBuilder builder)
    {
        builder.Services.AddTaskOptions();
        builder.Services.AddTaskTypes();
        builder.Services.AddTaskProcessor(provider => provider.GetRequiredService<ServiceIdentity>().InstanceId);
        builder.Services.AddSingleton<ICallbackSender, CallbackSender>();
        builder.Services.AddOptions<HostOptions>().Configure<TasksOptions>((host, options) =>
        {
            var needed = TimeSpan.FromSeconds(options.DrainSeconds) + ShutdownReserve;
            if (host.ShutdownTimeout < needed)
            {
                host.ShutdownTimeout = needed;
            }
        });
        return builder;
    }
}
