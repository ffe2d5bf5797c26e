using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis.Workers;

namespace Orchestrator.Worker.Hosting;

/// <summary>Reports this worker's status and its end, for the overview. Survives any exception of the store.</summary>
internal sealed class WorkerTeller(
    RedisWorkers workers, TaskProcessor processor, HashMeter meter, ServiceIdentity identity, TimeProvider time,
    ILogger<WorkerTeller> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly StoreOutage _outage = new("Worker status", logger);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await workers.ForgetAsync(identity.InstanceId, CancellationToken.None).WaitAsync(Farewell, time, cancellationToken);
        }
        catch (Exception e)
        {
            // The store forgets silent workers after a while.
            _outage.Met(e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await TellAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        var status = new WorkerStatus(identity.InstanceId, processor.Slots, processor.Busy, processor.IsWorking, Math.Round(meter.GetRate()));
        try
        {
            await workers.TellAsync(status, stoppingToken);
            _outage.Over();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // The next tick retries.
            _outage.Met(e);
        }
    }
}
