using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>The one way into the ledger: whoever submits, a caller or a miner of ours, is checked by the same rules.</summary>
public sealed partial class ShareIntake(IShareLedger ledger, MiningOptions options, ILogger<ShareIntake> logger)
{
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

    [LoggerMessage(1900, LogLevel.Debug, "Share {Submission} for round {Round} by {Worker}: valid {Valid}, counted {Counted}")]
    private partial void LogSubmitted(string submission, long round, string worker, bool valid, bool counted);
}
