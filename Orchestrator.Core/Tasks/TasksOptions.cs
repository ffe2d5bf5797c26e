using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Tasks;

/// <summary>Section <c>Tasks</c>: the queue and its workers.</summary>
public sealed class TasksOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Tasks";

    /// <summary>Pending tasks; past it new ones are refused.</summary>
    [Range(1, 100_000_000)]
    public int MaxPending { get; set; } = 1_000_000;

    /// <summary>
    /// Inputs, results and errors of all tasks, pending and kept ones together, in MiB; past it new tasks are refused until
    /// earlier ones expire.
    /// </summary>
    [Range(1, 1 << 20)]
    public int MaxStoredMiB { get; set; } = 1_024;

    /// <summary>How long complete and cancelled tasks are kept, in hours.</summary>
    [Range(0.001, 24 * 365)]
    public double RetentionHours { get; set; } = 24;

    /// <summary>How long dead tasks are kept, in hours.</summary>
    [Range(0.001, 24 * 365)]
    public double DeadRetentionHours { get; set; } = 24 * 7;

    /// <summary>Tasks that a worker runs at a time; 0 for the number of processors.</summary>
    [Range(0, 1024)]
    public int Slots { get; set; }

    /// <summary>Visibility time-out: how long a claim lives without its worker's heartbeat.</summary>
    [Range(0.2, 3_600)]
    public double VisibilitySeconds { get; set; } = 30;

    /// <summary>How long running tasks may take to end after SIGTERM before they are released.</summary>
    [Range(0, 3_600)]
    public double DrainSeconds { get; set; } = 20;

    /// <summary>How long an idle worker waits before it looks again; a new task wakes it earlier.</summary>
    [Range(0.05, 60)]
    public double IdlePollSeconds { get; set; } = 5;

    /// <summary>Attempts before a task is dead, unless the task says otherwise.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Pause after the first failed attempt; it doubles each time, ± 25 %.</summary>
    [Range(0.001, 3_600)]
    public double RetrySeconds { get; set; } = 1;

    /// <summary>The longest pause between two attempts.</summary>
    [Range(0.001, 86_400)]
    public double MaxRetrySeconds { get; set; } = 300;

    /// <summary><see cref="MaxStoredMiB"/> in bytes.</summary>
    internal long MaxStoredBytes => (long)MaxStoredMiB << 20;

    /// <summary>The largest n of a <c>fibonacci</c> task.</summary>
    [Range(0, 10_000_000)]
    public int FibonacciLimit { get; set; } = 1_000_000;
}
