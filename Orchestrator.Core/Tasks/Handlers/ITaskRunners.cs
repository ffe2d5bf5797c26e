using System.Text.Json.Serialization;
using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>The output of a command that ran for a task, and how it ended.</summary>
/// <param name="ExitCode">Its exit code; null when it timed out.</param>
/// <param name="Stdout">Its standard output, as far as it is kept.</param>
/// <param name="Stderr">Its standard error, as far as it is kept.</param>
/// <param name="DurationMs">How long it ran.</param>
/// <param name="TimedOut">Whether it timed out.</param>
/// <param name="Truncated">Whether output was dropped.</param>
/// <param name="Error">Why it could not start, or why its exit code is unknown; left out otherwise.</param>
/// <param name="OomKilled">Whether it was killed because the runner ran out of memory; left out when it was not.</param>
public sealed record TaskRunOutput(
    int? ExitCode,
    string Stdout,
    string Stderr,
    double DurationMs,
    bool TimedOut,
    bool Truncated,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool OomKilled = false);

/// <summary>Runners for tasks: in process, or over another process's HTTP calls.</summary>
public interface ITaskRunners
{
    /// <summary>
    /// Leases a runner for a task, runs a command in it, and releases the runner in every case. Each attempt at a task
    /// gets a fresh lease.
    /// </summary>
    /// <exception cref="TaskFailedException">There was no runner, or it was lost while the command ran; another attempt may help.</exception>
    Task<TaskRunOutput> RunAsync(Tenant tenant, string taskId, ExecRequest command, CancellationToken cancellationToken);
}
