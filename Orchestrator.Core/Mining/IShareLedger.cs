using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>
/// The submitted shares and their counts. Every call is atomic across all processes that share the ledger and, once
/// answered, durable against the death of any of them. Its cost does not grow with the number of shares.
/// </summary>
/// <remarks>
/// Calls throw <see cref="StoreUnavailableException"/> when the ledger is unreachable or does not answer in time. An
/// append may then have been done or not; it can be repeated without harm.
/// </remarks>
public interface IShareLedger
{
    /// <summary>
    /// Counts a submission once: for its round, for all rounds and for its worker. A repeated id, in any round, changes
    /// nothing and gets the first one's answer; an invalid share's id while it is among the newest
    /// <see cref="InvalidShares.Kept"/> of those.
    /// </summary>
    ValueTask<ShareAnswer> AppendAsync(Submission submission, bool valid, CancellationToken cancellationToken);

    /// <summary>
    /// The counts of one round; zeros for a round that nothing was submitted to, and for one without a valid share that is not
    /// among the newest <see cref="InvalidShares.Kept"/> of those.
    /// </summary>
    ValueTask<ShareCounts> CountRoundAsync(long roundNumber, CancellationToken cancellationToken);

    /// <summary>The counts over all rounds.</summary>
    ValueTask<LedgerTotals> GetTotalsAsync(CancellationToken cancellationToken);

    /// <summary>The counts over all rounds together with the newest shares, newest first, as of one moment.</summary>
    ValueTask<Audit> AuditAsync(CancellationToken cancellationToken);
}

/// <summary>The outcome of a submission.</summary>
/// <param name="Valid">Whether the first submission of that id was valid.</param>
/// <param name="Counted">Whether this was the first one.</param>
public readonly record struct ShareAnswer(bool Valid, bool Counted);

/// <summary>How many shares were counted.</summary>
/// <param name="Valid">Valid ones.</param>
/// <param name="Invalid">Invalid ones.</param>
public readonly record struct ShareCounts(long Valid, long Invalid)
{
    /// <summary>The sum of both.</summary>
    public long Total => Valid + Invalid;
}

/// <summary>The ledger in figures.</summary>
/// <param name="Shares">The shares of all rounds.</param>
/// <param name="UniqueWorkers">
/// How many different workers submitted them: every worker with a valid share, and the first <see cref="InvalidShares.Kept"/>
/// without one; exact on every ledger.
/// </param>
/// <param name="NewestRound">The greatest round submitted to; 0 before the first submission.</param>
public sealed record LedgerTotals(ShareCounts Shares, long UniqueWorkers, long NewestRound);

/// <summary>The bound on what a ledger keeps of invalid shares, which cost their senders nothing.</summary>
public static class InvalidShares
{
    /// <summary>How many invalid shares, rounds without a valid one, and workers without a valid one are kept, of each.</summary>
    public const int Kept = 10_000;
}

/// <summary>The ledger in figures, and the newest entries.</summary>
/// <param name="Totals">The figures.</param>
/// <param name="Recent">The newest <see cref="MaxRecent"/> shares, newest first.</param>
public sealed record Audit(LedgerTotals Totals, IReadOnlyList<Share> Recent)
{
    /// <summary>The maximal number of newest shares in a report.</summary>
    public const int MaxRecent = 10;
}
