using Microsoft.Extensions.Hosting;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Runs keepers, reaper and reconciler while this instance leads, and the work of every instance for the life of the
/// process. Leased runners outlive it.
/// </summary>
internal sealed class RunnerMaintenance(
    IEnumerable<PoolKeeper> keepers,
    Reaper reaper,
    Reconciler reconciler,
    OwnerTeller teller,
    Leadership leadership,
    RunnerTemplates templates,
    RunnerSignals signals,
    RunnerMetrics metrics,
    IEnumerable<IRunnerChanges> changes,
    IHostApplicationLifetime? process = null) : BackgroundService
{
    // The first call after a start checks readiness: delaying the first look at the engine leaves the processors to that call.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        RunnerMetrics.Begin(templates);
        await Quietly(ServingAsync(stoppingToken), stoppingToken);
        var subscriptions = changes.SelectMany(source => templates.All.Select(template =>
            source.Subscribe(template.Name, () => signals.Changed(template.Name)))).ToList();
        await Task.WhenAll(
            Quietly(leadership.RunAsync(LeadAsync, stoppingToken), stoppingToken),
            Quietly(teller.RunAsync(stoppingToken), stoppingToken));
        await Task.WhenAll(keepers.Select(keeper => keeper.DrainAsync()));
        subscriptions.ForEach(subscription => subscription.Dispose());
    }

    private async Task LeadAsync(CancellationToken over)
    {
        await Task.WhenAll(
        [
            Quietly(reconciler.RunAsync(over), over),
            Quietly(reaper.RunAsync(over), over),
            .. keepers.Select(keeper => Quietly(keeper.RunAsync(over), over)),
        ]);
        metrics.Forget();
    }

    private async Task ServingAsync(CancellationToken stoppingToken)
    {
        if (process is null)
        {
            return;
        }

        var serving = new TaskCompletionSource();
        await using var started = process.ApplicationStarted.Register(serving.SetResult);
        await serving.Task.WaitAsync(stoppingToken);
        // By the real clock, even in tests with their own: a courtesy, not a rule.
        await Task.Delay(HeadStart, stoppingToken);
    }

    private static async Task Quietly(Task loop, CancellationToken stoppingToken)
    {
        try
        {
            await loop;
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped; an engine that is gone at that moment is no failure of this process.
        }
    }
}
