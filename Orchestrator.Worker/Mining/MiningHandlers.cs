using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Core.Mining;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Worker.Mining;

/// <summary>The calls of docs/contract/mining-task.md.</summary>
internal static class MiningHandlers
{
    public static async Task<Results<Ok<RoundResponse>, ErrorResult>> GetRoundAsync(
        [FromRoute(Name = "id")] string roundNumber, ShareIntake intake, IShareLedger ledger, HashMeter meter, CancellationToken cancellationToken)
    {
        if (!TryReadRound(roundNumber, out var round))
        {
            return RoundInvalid();
        }

        var counts = await ledger.CountRoundAsync(round, cancellationToken);
        return TypedResults.Ok(new RoundResponse(round, intake.TargetDifficulty, (long)Math.Round(meter.GetRate()), counts.Valid, counts.Invalid));
    }

    public static async Task<Results<Ok<SubmissionResponse>, ErrorResult>> SubmitAsync(
        string roundNumber, JsonBody<SubmissionBody> body, ShareIntake intake)
    {
        if (!TryReadRound(roundNumber, out var round))
        {
            return RoundInvalid();
        }

        var submission = SubmissionBody.Read(body.Value, round);
        // Not the caller's token: a submission that has begun to be counted is counted, even if the caller leaves.
        var answer = await intake.SubmitAsync(submission, CancellationToken.None);
        return TypedResults.Ok(new SubmissionResponse("success", answer.Valid));
    }

    public static async Task<Ok<AuditResponse>> GetAuditAsync(IShareLedger ledger, CancellationToken cancellationToken)
    {
        var (totals, recent) = await ledger.AuditAsync(cancellationToken);
        return TypedResults.Ok(new AuditResponse(
            new AuditStatistics(totals.Shares.Total, totals.Shares.Valid, totals.Shares.Invalid, totals.UniqueWorkers),
            [.. recent.Select(Describe)]));
    }

    public static async Task<JsonHttpResult<MiningHealthResponse>> GetHealthAsync(
        MiningHealthCheck check, ProcessUptime uptime, IHostApplicationLifetime lifetime, HttpResponse response, CancellationToken cancellationToken)
    {
        var health = await check.CheckAsync(cancellationToken);
        var components = new MiningComponents(
            health.Miner, health.Metrics, !lifetime.ApplicationStopping.IsCancellationRequested, health.ShareCollection);
        var healthy = components is { Miner: true, Metrics: true, Api: true, ShareCollection: true };
        if (!healthy)
        {
            response.ComeAgain();
        }

        return TypedResults.Json(
            new MiningHealthResponse(healthy ? "healthy" : "unhealthy", components, uptime.Seconds),
            MiningJson.Default.MiningHealthResponse,
            statusCode: healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static ShareEntry Describe(Share share) => new(
        share.Submission.Hash,
        share.Submission.Difficulty,
        share.Submission.BlockHeight,
        share.Submission.WorkerId,
        share.Submission.SubmissionId,
        share.Submission.Header,
        share.Submission.RoundNumber,
        share.Timestamp,
        share.Valid);

    private static bool TryReadRound(string text, out long round) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out round) && round <= Submission.MaxNumber
        && text.All(char.IsAsciiDigit);

    private static ErrorResult RoundInvalid() =>
        new(StatusCodes.Status400BadRequest, "round_number must be a whole number from 0 to 9007199254740991.");
}
