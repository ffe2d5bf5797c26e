namespace Orchestrator.Core.Leasing;

/// <summary>What a provision gave.</summary>
/// <param name="Runner">The owner's runner: leased, and ready.</param>
/// <param name="Created">True for the one call that this runner was leased for; false when the owner had it already.</param>
public readonly record struct ProvisionResult(Runner Runner, bool Created)
{
    /// <summary>The work that is still to be deferred (<see cref="RunnerLeases.Defer"/>); null when there is none.</summary>
    public DeferredProvision? Deferred { get; init; }
}

/// <summary>What the work after a provision needs to know.</summary>
/// <param name="Owner">For whom it was.</param>
/// <param name="Warm">Whether the runner came from the pool.</param>
/// <param name="Took">How long it took.</param>
public sealed record DeferredProvision(Owner Owner, bool Warm, TimeSpan Took);

/// <summary>The template's limit of leased runners stayed reached for as long as a call may wait.</summary>
public sealed class CapacityExhaustedException(string template, TimeSpan retryAfter)
    : Exception($"No place for another {template} runner became free in time.")
{
    /// <summary>When it is worth trying again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
