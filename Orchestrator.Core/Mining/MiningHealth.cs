using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;

namespace Orchestrator.Core.Mining;

/// <summary>The health of mining; each part can really be false.</summary>
/// <param name="Miner">The task processor takes work and, where mining is enabled, makes progress.</param>
/// <param name="Metrics">The metrics are being read.</param>
/// <param name="ShareCollection">The ledger answers.</param>
public sealed record MiningHealth(bool Miner, bool Metrics, bool ShareCollection);

/// <summary>Checks the health of mining.</summary>
public sealed class MiningHealthCheck(
    IShareLedger ledger, HashMeter meter, MiningGauges gauges, MiningOptions options, TimeProvider time, TaskProcessor? processor = null)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ProgressTime = TimeSpan.FromSeconds(15);

    /// <summary>Checks every part; takes two seconds at most.</summary>
    public async Task<MiningHealth> CheckAsync(CancellationToken cancellationToken) => new(
        (processor is null or { IsWorking: true, ExecuteTask.IsCompleted: false }) && (!options.Enabled || meter.SinceLast < ProgressTime),
        gauges.IsAlive,
        await AnswersAsync(cancellationToken));

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ledger.GetTotalsAsync(cancellationToken).AsTask().WaitAsync(AnswerTime, time, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return false;
        }
    }
}
