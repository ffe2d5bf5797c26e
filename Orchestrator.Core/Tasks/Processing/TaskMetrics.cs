using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>The metrics of tasks. Depths are those of the last look, some seconds old.</summary>
internal sealed class TaskMetrics
{
    private static readonly Histogram<double> Durations = OrchestratorTelemetry.Meter.CreateHistogram<double>(
        "orchestrator_task_duration_seconds", description: "Time from a task's claim to the end of the attempt.");

    private static readonly Histogram<double> Waits = OrchestratorTelemetry.Meter.CreateHistogram<double>(
        "orchestrator_task_wait_seconds", description: "Time from a task's enqueue to its first claim.");

    private static readonly Counter<long> Callbacks = OrchestratorTelemetry.Meter.CreateCounter<long>(
        "orchestrator_callbacks_total", description: "Attempts to deliver a callback, by outcome.");

    private readonly IReadOnlyList<TaskCount> _zeros;
    private IReadOnlyList<TaskCount> _depths = [];

    public TaskMetrics(TaskTypes types)
    {
        _zeros = [.. types.All.SelectMany(type => Enum.GetValues<TaskPhase>().Select(state => new TaskCount(type.Type, state, 0)))];
        OrchestratorTelemetry.Meter.CreateObservableGauge(
            "orchestrator_queue_depth", Observe, description: "Tasks by type and state.");
    }

    /// <summary>Records every counter's zero: Prometheus sees no rise from nothing to one.</summary>
    public static void Begin()
    {
        foreach (var outcome in (string[])["delivered", "retry", "given_up"])
        {
            Callbacks.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    /// <summary>Records the current depths; zero for every type known here or seen before that has no tasks.</summary>
    public void Counted(IReadOnlyList<TaskCount> depths)
    {
        var now = depths.Select(depth => (depth.Type, depth.State)).ToHashSet();
        var none = _zeros.Concat(_depths).Where(old => now.Add((old.Type, old.State)));
        _depths = [.. depths, .. none.Select(old => old with { Count = 0 })];
    }

    public static void Ended(string type, string outcome, TimeSpan duration) =>
        Durations.Record(duration.TotalSeconds, new TagList { { "type", type }, { "outcome", outcome } });

    public static void Waited(string type, TimeSpan wait) =>
        Waits.Record(Math.Max(wait.TotalSeconds, 0), new KeyValuePair<string, object?>("type", type));

    public static void CallbackAttempted(string outcome) => Callbacks.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private IEnumerable<Measurement<long>> Observe() => _depths.Select(depth => new Measurement<long>(
        depth.Count, new TagList { { "type", depth.Type }, { "state", depth.State.ToString().ToLowerInvariant() } }));
}
