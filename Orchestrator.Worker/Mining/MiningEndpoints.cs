using Orchestrator.Core.Mining;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Mining;

/// <summary>The mining rounds of docs/contract/mining-task.md, on the pod listener.</summary>
public static class MiningEndpoints
{
    private const string Share =
        """{"hash":"0000000000000000000000000000000000000000000000000000000000000000","difficulty":1.0,"block_height":1,"worker_id":"worker_1","submission_id":"sub_1"}""";

    /// <summary>Adds mining. Requires a ledger.</summary>
    public static WebApplicationBuilder AddMining(this WebApplicationBuilder builder)
    {
        builder.Services.AddMiningOptions();
        builder.Services.AddMining();
        // Uptime counts from here, not from the first call.
        builder.Services.AddSingleton(new ProcessUptime(TimeProvider.System));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, MiningJson.Default));
        return builder;
    }

    /// <summary>Maps the calls of mining. <c>POST</c> on some of these paths is the pod's.</summary>
    public static RouteGroupBuilder MapMining(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapListener(Listener.Pod).WithTags("Mining").FailsUnexpectedly().WithMetadata(TaskErrors.Map);
        group.MapGet("/task/{id}", MiningHandlers.GetRoundAsync)
            .WithName("GetRound")
            .WithSummary("Get a round's parameters and counts")
            .Answers<RoundResponse>(200, """{"round_number":1,"target_difficulty":1.0,"hash_rate":1000,"valid_shares":10,"invalid_shares":0}""")
            .Fails(400, "round_number must be a whole number from 0 to 9007199254740991.")
            .FailsWithoutStore();
        group.MapPost("/submission/{roundNumber}", MiningHandlers.SubmitAsync)
            // This call's errors are texts, not codes.
            .WithMetadata(new InputErrorMap(wrong => new ErrorResult(StatusCodes.Status400BadRequest, wrong.Message)))
            .WithName("SubmitShare")
            .WithSummary("Submit a share")
            .WithDescription("A repeated submission_id gets the first answer and is not counted again.")
            .Takes(MiningJson.Default.SubmissionBody, Share).IgnoresUnknownFields()
            .Answers<SubmissionResponse>(200, """{"status":"success","valid":true}""")
            .Fails(400, "Missing required fields")
            .FailsWithoutStore();
        group.MapGet("/audit", MiningHandlers.GetAuditAsync)
            .WithName("GetAudit")
            .WithSummary("Get the statistics and the newest shares")
            .Answers<AuditResponse>(200, """{"statistics":{"total_shares":100,"valid_shares":95,"invalid_shares":5,"unique_workers":10},"recent_shares":[]}""")
            .FailsWithoutStore();
        group.MapMethods("/healthz", Verbs.Head, MiningHandlers.GetHealthAsync).AllowAnonymous().ExcludeFromDescription();
        group.MapGet("/healthz", MiningHandlers.GetHealthAsync).AllowAnonymous()
            .WithName("GetMiningHealth")
            .WithSummary("Get the health of mining")
            .Answers<MiningHealthResponse>(200, """{"status":"healthy","components":{"miner":true,"metrics":true,"api":true,"share_collection":true},"uptime":3600}""")
            .Answers<MiningHealthResponse>(503, """{"status":"unhealthy","components":{"miner":true,"metrics":true,"api":true,"share_collection":false},"uptime":3600}""");
        return group;
    }
}
