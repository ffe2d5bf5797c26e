using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>The one way into the ledger: whoever submits, a caller or a miner of ours, is checked by the same rules.</summary>
public sealed partial class ShareIntake(IShareLedger ledger, MiningOptions options, ILogger<ShareIntake> logger)
{
    private long _newestRound = -1;

    /// <summary>The difficulty that shares of every round need at least.</summary>
    public double TargetDifficulty => options.TargetDifficulty;

    /// <summary>Checks a submission and counts it, once for its id. Idempotent; durable when answered.</summary>
    /// <exception cref="StoreUnavailableException">The ledger can't be reached; the same submission can be made again.</exception>
    public async ValueTask<ShareAnswer> SubmitAsync(Submission submission, CancellationToken cancellationToken)
    {
        var valid = submission.IsValid(options.TargetDifficulty);
        var answer = await ledger.AppendAsync(submission, valid, cancellationToken);
        LogSubmitted(submission.SubmissionId, submission.RoundNumber, submission.WorkerId, answer.Valid, answer.Counted);
        return answer;
    }

    /// <summary>The counts of a round, which is noted as asked for.</summary>
    /// <exception cref="StoreUnavailableException">The ledger can't be reached.</exception>
    public async ValueTask<ShareCounts> GetRoundAsync(long roundNumber, CancellationToken cancellationToken)
    {
        // Most calls are for the round that is the newest already, and need no write.
        if (roundNumber > Volatile.Read(ref _newestRound))
        {
            await ledger.NoteRoundAsync(roundNumber, cancellationToken);
            InterlockedMax(ref _newestRound, roundNumber);
        }

        return await ledger.CountRoundAsync(roundNumber, cancellationToken);
    }

    private static void InterlockedMax(ref long location, long value)
    {
        for (var seen = Volatile.Read(ref location); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref location, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    [LoggerMessage(1900, LogLevel.Debug, "Share {Submission} for round {Round} by {Worker}: valid {Valid}, counted {Counted}")]
    private partial void LogSubmitted(string submission, long round, string worker, bool valid, bool counted);
}
