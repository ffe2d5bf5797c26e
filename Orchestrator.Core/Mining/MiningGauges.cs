using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>
/// The <c>miner_*</c> metrics. The ledger's figures are read every second and left out while that fails, so all instances
/// report the same.
/// </summary>
public sealed partial class MiningGauges : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Several readings may fail before the reader counts as dead.
    private static readonly TimeSpan AliveFor = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private readonly IShareLedger _ledger;
    private readonly TimeProvider _time;
    private readonly ILogger<MiningGauges> _logger;
    private volatile LedgerTotals? _totals;
    private double _cpuPercent;
    private long _lastTurn;

    /// <summary>Creates the instruments; they report the ledger's figures once the service runs.</summary>
    public MiningGauges(IShareLedger ledger, HashMeter meter, IMeterFactory meters, TimeProvider time, ILogger<MiningGauges> logger)
    {
        _ledger = ledger;
        _time = time;
        _logger = logger;
        _lastTurn = time.GetTimestamp();

        // The host's own meter of that name, disposed with the host. No units, so that scraping and OTLP give one name.
        var own = meters.Create(OrchestratorTelemetry.Name);
        own.CreateObservableGauge("miner_hash_rate", meter.GetRate, description: "Hashes a second of this process over the last minute.");
        own.CreateObservableGauge("miner_cpu_usage", () => Volatile.Read(ref _cpuPercent), description: "Processor time of this process in percent of all processors'.");
        own.CreateObservableGauge("miner_memory_usage", () => Environment.WorkingSet / 1e6, description: "Memory of this process in megabytes.");
        own.CreateObservableGauge("miner_shares_submitted", () => Measure(totals => totals.Shares.Total), description: "Shares in the ledger.");
        own.CreateObservableGauge("miner_valid_shares", () => Measure(totals => totals.Shares.Valid), description: "Valid shares in the ledger.");
        own.CreateObservableGauge("miner_invalid_shares", () => Measure(totals => totals.Shares.Invalid), description: "Invalid shares in the ledger.");
        own.CreateObservableGauge("mining_round", () => Measure(totals => totals.NewestRound), description: "The newest round submitted to.");
    }

    /// <summary>Whether the metrics are still being read, successfully or not.</summary>
    public bool IsAlive => ExecuteTask is { IsCompleted: false } && _time.GetElapsedTime(Volatile.Read(ref _lastTurn)) < AliveFor;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (processorTime, at) = (Environment.CpuUsage.TotalTime, _time.GetTimestamp());
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                await ReadAsync(stoppingToken);
                Volatile.Write(ref _lastTurn, _time.GetTimestamp());
                var (total, now) = (Environment.CpuUsage.TotalTime, _time.GetTimestamp());
                if (_time.GetElapsedTime(at, now) is { Ticks: > 0 } elapsed)
                {
                    // The two are read at slightly different moments, which matters in a short interval on a busy machine.
                    Volatile.Write(ref _cpuPercent, Math.Min(100, 100 * (total - processorTime) / elapsed / Environment.ProcessorCount));
                    (processorTime, at) = (total, now);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task ReadAsync(CancellationToken stoppingToken)
    {
        try
        {
            _totals = await _ledger.GetTotalsAsync(stoppingToken).AsTask().WaitAsync(ReadTimeout, _time, stoppingToken);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            if (_totals is not null)
            {
                LogLost(e.Message);
            }

            _totals = null;
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<LedgerTotals, long> figure) =>
        _totals is { } totals ? [new Measurement<long>(figure(totals))] : [];

    [LoggerMessage(1901, LogLevel.Warning, "Share ledger unreadable, its metrics are left out: {Cause}")]
    private partial void LogLost(string cause);
}
