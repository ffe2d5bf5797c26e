using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis.Workers;

namespace Orchestrator.Worker.Hosting;

/// <summary>Tells those who watch that this worker is there, and that it has ended.</summary>
internal sealed class WorkerTeller(
    RedisWorkers workers, TaskProcessor processor, HashMeter meter, ServiceIdentity identity, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(() => workers.ForgetAsync(identity.InstanceId, CancellationToken.None).WaitAsync(Farewell, time, cancellationToken));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await TryAsync(() => workers.TellAsync(Look(), stoppingToken));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private WorkerStatus Look() =>
        new(identity.InstanceId, processor.Slots, processor.Busy, processor.IsWorking, Math.Round(meter.GetRate()));

    private static async Task TryAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            // The processor says loudly enough that the store is away; told again at the next turn.
        }
    }
}
