namespace Orchestrator.Core.Leasing;

/// <summary>The result of a provision.</summary>
/// <param name="Runner">The owner's runner: leased, and ready.</param>
/// <param name="Created">True only for the call that leased this runner; false when the owner had it already.</param>
public readonly record struct ProvisionResult(Runner Runner, bool Created)
{
    /// <summary>The work still to be deferred (<see cref="RunnerLeases.Defer"/>); null when there is none.</summary>
    public DeferredProvision? Deferred { get; init; }
}

/// <summary>The input of the work that follows a provision.</summary>
/// <param name="Owner">For whom it was.</param>
/// <param name="Warm">Whether the runner came from the pool.</param>
/// <param name="Took">How long it took.</param>
public sealed record DeferredProvision(Owner Owner, bool Warm, TimeSpan Took);

/// <summary>The template's limit of leased runners stayed reached for as long as a call may wait.</summary>
public sealed class CapacityExhaustedException(string template, TimeSpan retryAfter)
    : Exception($"No place for another {template} runner became free in time.")
{
    /// <summary>When a retry is worthwhile.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
