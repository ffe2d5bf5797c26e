using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>The metrics of runners. The counts are those of the keeper's last look, at most a few seconds old.</summary>
internal sealed class RunnerMetrics
{
    private static readonly KeyValuePair<string, object?> Warm = new("path", "warm");
    private static readonly KeyValuePair<string, object?> Cold = new("path", "cold");

    private static readonly Histogram<double> Provisions = OrchestratorTelemetry.Meter.CreateHistogram<double>(
        "orchestrator_provision_duration_seconds", description: "Time from a claim to a ready runner.");

    private static readonly Counter<long> Expired = OrchestratorTelemetry.Meter.CreateCounter<long>(
        "orchestrator_leases_expired_total", description: "Leases that ended because their owner was silent.");

    private static readonly Counter<long> StartFailures = OrchestratorTelemetry.Meter.CreateCounter<long>(
        "orchestrator_start_failures_total", description: "Runners that could not be started.");

    private static readonly Histogram<double> Reconciles = OrchestratorTelemetry.Meter.CreateHistogram<double>(
        "orchestrator_reconcile_duration_seconds", description: "Time to compare the engine's runners with the store's.");

    private static readonly Counter<long> ProvisionFailures = OrchestratorTelemetry.Meter.CreateCounter<long>(
        "orchestrator_provision_failures_total", description: "Calls for a runner that got none, by reason.");

    private static readonly Gauge<long> MinIdle = OrchestratorTelemetry.Meter.CreateGauge<long>(
        "orchestrator_pool_min_idle", description: "Idle runners that the pool of a template keeps, as configured.");

    private static readonly string[] FailureReasons = ["capacity", "image", "not_ready", "engine", "store", "other"];

    private readonly ConcurrentDictionary<string, PoolCounts> _counts = new(StringComparer.Ordinal);

    private Sweeps? _sweeps;

    public RunnerMetrics()
    {
        OrchestratorTelemetry.Meter.CreateObservableGauge(
            "orchestrator_runners", Observe, description: "Runners by state and template.");
        OrchestratorTelemetry.Meter.CreateObservableGauge(
            "orchestrator_sweep_interval_seconds", () => Measure(sweeps => sweeps.Interval.TotalSeconds),
            description: "Time between two looks for expired leases, as configured.");
        OrchestratorTelemetry.Meter.CreateObservableGauge(
            "orchestrator_last_sweep_timestamp_seconds", () => Measure(sweeps => sweeps.Last.ToUnixTimeMilliseconds() / 1000d),
            description: "When the last sweep for expired leases ended well; at first when sweeps began.");
    }

    /// <summary>Reports no counts and sweeps until there are new ones: another instance reports them.</summary>
    public void Forget()
    {
        _counts.Clear();
        _sweeps = null;
    }

    /// <summary>
    /// Reports every counter's zero: Prometheus sees no rise from nothing to one. Call it once measurements have a
    /// listener.
    /// </summary>
    public static void Begin(RunnerTemplates templates)
    {
        foreach (var template in templates.All)
        {
            var tag = new KeyValuePair<string, object?>("template", template.Name);
            Expired.Add(0, tag);
            StartFailures.Add(0, tag);
            foreach (var reason in FailureReasons)
            {
                ProvisionFailures.Add(0, tag, new("reason", reason));
            }

            MinIdle.Record(template.MinIdle, tag);
        }
    }

    public void Counted(string template, PoolCounts counts) => _counts[template] = counts;

    public static void Provisioned(TimeSpan duration, bool warm, string template) =>
        Provisions.Record(duration.TotalSeconds, warm ? Warm : Cold, new("template", template));

    public static void LeaseExpired(string template) => Expired.Add(1, new KeyValuePair<string, object?>("template", template));

    public static void StartFailed(string template) => StartFailures.Add(1, new KeyValuePair<string, object?>("template", template));

    /// <summary>Counts a call that ends without a runner while its caller still waits.</summary>
    public static async Task<ProvisionResult> WatchAsync(Task<ProvisionResult> provision, RunnerTemplate template, CancellationToken cancellationToken)
    {
        try
        {
            return await provision;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            ProvisionFailures.Add(1, new("template", template.Name), new("reason", ReasonOf(e)));
            throw;
        }
    }

    /// <summary>Records that sweeps for expired leases begin, or that one succeeded.</summary>
    public void Swept(TimeSpan interval, DateTimeOffset now) => _sweeps = new Sweeps(interval, now);

    public static void Reconciled(TimeSpan duration) => Reconciles.Record(duration.TotalSeconds);

    private IEnumerable<Measurement<long>> Observe()
    {
        foreach (var (template, counts) in _counts)
        {
            yield return Of(counts.Idle, "idle");
            yield return Of(counts.Leased, "leased");
            yield return Of(counts.Creating + counts.Refilling, "creating");
            yield return Of(counts.Removing, "removing");

            Measurement<long> Of(int value, string state) =>
                new(value, new TagList { { "state", state }, { "template", template } });
        }
    }

    private IEnumerable<Measurement<double>> Measure(Func<Sweeps, double> figure) =>
        _sweeps is { } sweeps ? [new Measurement<double>(figure(sweeps))] : [];

    private static string ReasonOf(Exception cause) => cause switch
    {
        CapacityExhaustedException => "capacity",
        RunnerImageMissingException => "image",
        RunnerNotReadyException => "not_ready",
        EngineException => "engine",
        StoreUnavailableException => "store",
        _ => "other",
    };

    private sealed record Sweeps(TimeSpan Interval, DateTimeOffset Last);
}
