namespace Orchestrator.Core.Stores;

/// <summary>A runner to be made: written before the engine is asked.</summary>
/// <param name="RunnerId">Its id.</param>
/// <param name="Template">Its template's name.</param>
/// <param name="Instance">The instance that keeps it.</param>
/// <param name="Plan">The hash of its plan (<see cref="Engines.IRunnerEngine.PlanOf"/>).</param>
/// <param name="Token">The secret of its interface.</param>
/// <param name="Network">The network it gets.</param>
/// <param name="FirstPort">The lowest port it may get on the public host, the first free one from there is reserved; null when the engine chooses.</param>
/// <param name="Within">How long making it may take; after that any instance may end the reservation.</param>
public sealed record Reservation(
    string RunnerId,
    string Template,
    string Instance,
    string Plan,
    string Token,
    RunnerNetwork Network,
    int? FirstPort,
    TimeSpan Within);

/// <summary>An owner's request for a runner.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="LeaseTime">How long a lease lives without a heartbeat; null for ever.</param>
/// <param name="MaxLeased">How many of the template may be leased or created for owners at a time; null for no limit.</param>
/// <param name="FromPool">Whether an idle runner is acceptable.</param>
/// <param name="Reservation">The reservation to make when none is idle; its template, plan and instance are the ones wanted.</param>
public sealed record ClaimRequest(
    Owner Owner,
    TimeSpan? LeaseTime,
    int? MaxLeased,
    bool FromPool,
    Reservation Reservation);

/// <summary>The outcome of a claim.</summary>
public enum ClaimOutcome
{
    /// <summary>The owner had this runner already. Counts as a heartbeat of a lease.</summary>
    Existing,

    /// <summary>An idle runner is leased now.</summary>
    Warm,

    /// <summary>A reservation was made; the caller creates, starts and attaches the runner.</summary>
    Reserved,

    /// <summary>The template's limit is reached; nothing was changed.</summary>
    Full,
}

/// <summary>The outcome of a claim, and the runner as it is now.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Runner">The runner; null when <see cref="ClaimOutcome.Full"/>.</param>
public readonly record struct ClaimResult(ClaimOutcome Outcome, Runner? Runner);

/// <summary>How many runners of a template there are.</summary>
/// <param name="Idle">In the pool.</param>
/// <param name="Refilling">Being made for the pool.</param>
/// <param name="Creating">Being made for an owner.</param>
/// <param name="Leased">Owned.</param>
/// <param name="Removing">Being removed.</param>
public readonly record struct PoolCounts(int Idle, int Refilling, int Creating, int Leased, int Removing);

/// <summary>The store is unreachable, or does not answer in time.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
