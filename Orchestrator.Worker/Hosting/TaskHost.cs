using Microsoft.Extensions.Options;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Worker.Callbacks;

namespace Orchestrator.Worker.Hosting;

/// <summary>Hosts the task processor: in a separate worker, or in the API's process in embedded mode.</summary>
public static class TaskHost
{
    // On top of the drain's own time.
    private static readonly TimeSpan ShutdownReserve = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds task types, processor and callbacks. Requires the queue with its outbox, and the runners for <c>run</c>.
    /// </summary>
    public static WebApplicationBuilder AddTaskHost(this WebApplicationBuilder builder)
    {
        builder.Services.AddTaskOptions();
        builder.Services.AddTaskTypes();
        builder.Services.AddTaskProcessor(provider => provider.GetRequiredService<ServiceIdentity>().InstanceId);
        builder.Services.AddSingleton<ICallbackSender, CallbackSender>();
        builder.Services.AddHostedService<StopTime>();
        return builder;
    }

    // A hosted service, since the host reads its options before the settings are validated.
    private sealed class StopTime(IOptions<HostOptions> host, TasksOptions tasks) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            var needed = TimeSpan.FromSeconds(tasks.DrainSeconds) + ShutdownReserve;
            if (host.Value.ShutdownTimeout < needed)
            {
                host.Value.ShutdownTimeout = needed;
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
