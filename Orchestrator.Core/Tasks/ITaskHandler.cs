using System.Text.Json;

namespace Orchestrator.Core.Tasks;

/// <summary>
/// Runs the tasks of one type. One instance serves every task, concurrently too. A task can run more than once (a worker
/// that dies loses nothing), so running it twice must do no harm.
/// </summary>
public interface ITaskHandler
{
    /// <summary>The type's name: lower case, unique.</summary>
    string Type { get; }

    /// <summary>The JSON schema of the input, shown to callers.</summary>
    string InputSchema { get; }

    /// <summary>
    /// How long an attempt may take. After that the token is cancelled and the claim is no longer extended, so that another
    /// worker claims the task after the visibility time-out.
    /// </summary>
    TimeSpan TimeLimit => TimeSpan.FromMinutes(10);

    /// <summary>Checks an input before a task is made of it.</summary>
    /// <returns>Why it is refused, for the caller to read; null when it is accepted.</returns>
    string? Refuse(JsonElement input);

    /// <summary>Runs a task whose input was accepted.</summary>
    /// <returns>The result as JSON text; at most <see cref="TaskLimits.MaxResultBytes"/>.</returns>
    /// <exception cref="TaskFailedException">It failed, and says whether to retry. After any other exception it is retried.</exception>
    /// <exception cref="OperationCanceledException">The context's token was cancelled.</exception>
    ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context);
}

/// <summary>A handler's view of its attempt.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="CancellationToken">
/// Cancelled when the attempt is to end: it timed out, its claim is lost, or the worker stops and can't wait any longer.
/// </param>
public sealed record TaskContext(string TaskId, int Attempt, CancellationToken CancellationToken)
{
    /// <summary>The tenant of the task.</summary>
    public Tenant Tenant { get; init; }
}

/// <summary>An attempt failed.</summary>
/// <param name="message">Why, for the caller to read.</param>
/// <param name="retry">Whether another attempt may help.</param>
/// <param name="inner">The cause.</param>
public sealed class TaskFailedException(string message, bool retry, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether another attempt may help.</summary>
    public bool Retry { get; } = retry;
}

/// <summary>Limits that hold for every task.</summary>
public static class TaskLimits
{
    /// <summary>The largest result, in bytes of JSON.</summary>
    public const int MaxResultBytes = 4 << 20;

    /// <summary>The longest error text that is kept, in characters.</summary>
    public const int MaxErrorLength = 4_096;
}
