using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Tasks;

/// <summary>Section <c>Tasks</c>: the queue and its workers.</summary>
public sealed class TasksOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Tasks";

    /// <summary>How many tasks may be pending; past that new ones are refused.</summary>
    [Range(1, 100_000_000)]
    public int MaxPending { get; set; } = 1_000_000;

    /// <summary>How long complete and cancelled tasks are kept, in hours.</summary>
    [Range(0.001, 24 * 365)]
    public double RetentionHours { get; set; } = 24;

    /// <summary>How long tasks that failed for good are kept, in hours.</summary>
    [Range(0.001, 24 * 365)]
    public double DeadRetentionHours { get; set; } = 24 * 7;

    /// <summary>How many tasks a worker process runs at a time; 0 for as many as there are processors.</summary>
    [Range(0, 1024)]
    public int Slots { get; set; }

    /// <summary>How long a claim lives without a heartbeat from its worker, in seconds.</summary>
    [Range(0.2, 3_600)]
    public double VisibilitySeconds { get; set; } = 30;

    /// <summary>How long running tasks have to end after SIGTERM before they are given back, in seconds.</summary>
    [Range(0, 3_600)]
    public double DrainSeconds { get; set; } = 20;

    /// <summary>How long an idle worker waits at most before it looks again, in seconds; it is woken before when a task comes.</summary>
    [Range(0.05, 60)]
    public double IdlePollSeconds { get; set; } = 5;

    /// <summary>How often a task is attempted before it has failed for good, where it does not say itself.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>The pause after a task's first failed attempt, in seconds; it doubles with each one, give or take a quarter.</summary>
    [Range(0.001, 3_600)]
    public double RetrySeconds { get; set; } = 1;

    /// <summary>The longest pause between two attempts, in seconds.</summary>
    [Range(0.001, 86_400)]
    public double MaxRetrySeconds { get; set; } = 300;

    /// <summary>The largest number whose Fibonacci number is computed.</summary>
    [Range(0, 10_000_000)]
    public int FibonacciLimit { get; set; } = 1_000_000;
}
