using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>The only way into the ledger: the same rules check callers' shares and our own miners'.</summary>
public sealed partial class ShareIntake(IShareLedger ledger, MiningOptions options, ILogger<ShareIntake> logger)
{
    /// <summary>The lowest difficulty of a share in any round.</summary>
    public double TargetDifficulty => options.TargetDifficulty;

    /// <summary>Checks a submission and counts it, once per id. Idempotent; durable when answered.</summary>
    /// <exception cref="StoreUnavailableException">The ledger is unreachable; the same submission can be made again.</exception>
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
