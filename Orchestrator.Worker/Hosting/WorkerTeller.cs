using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis.Workers;

namespace Orchestrator.Worker.Hosting;

/// <summary>Reports that this worker runs, and that it has ended, for the overview. Survives whatever the store throws.</summary>
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
            // Silent workers are forgotten by the store after a while.
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
            // The end.
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
            // Repeated at the next tick.
            _outage.Met(e);
        }
    }
}
