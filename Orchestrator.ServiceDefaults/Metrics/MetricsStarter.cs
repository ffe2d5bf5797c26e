using Microsoft.Extensions.Hosting;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>
/// Makes the collector listen before anything else of the host starts, so that what goes up and down is counted from
/// its first step.
/// </summary>
internal sealed class MetricsStarter(MetricsCollector collector) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        collector.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
