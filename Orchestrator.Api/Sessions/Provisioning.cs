using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Client;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Provisions and deprovisions the runners of sessions, and takes their heartbeats.</summary>
internal static class Provisioning
{
    public static async Task<JsonAnswer<ProvisionResponse>> ProvisionAsync(
        JsonBody<ProvisionRequest> body,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions,
        RunnerLeases leases,
        IRunnerEngine engine,
        HttpResponse http,
        CancellationToken cancellationToken)
    {
        var sessionId = SessionIds.Choose(body.Value?.SessionId, sessionHeader) ?? Guid.NewGuid().ToString();
        var network = ReadNetwork(body.Value?.NetworkMode);
        var provisioned = await sessions.ProvisionAsync(sessionId, network, cancellationToken);
        http.WhenSent(() => leases.Defer(provisioned));
        var (runner, created) = provisioned;
        var response = new ProvisionResponse(
            Describe(created, sessions.IsShared),
            engine.EndpointOf(runner),
            runner.Owner?.Id ?? sessionId,
            runner.Id,
            runner.Token,
            runner.ExpiresAt,
            engine.IsolationOf());
        return new(created ? StatusCodes.Status201Created : StatusCodes.Status200OK, response, ContractJson.Default.ProvisionResponse);
    }

    public static async Task<Results<Ok<MessageResponse>, ErrorResult>> DeprovisionAsync(
        JsonBody<SessionRequest> body,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions,
        CancellationToken cancellationToken)
    {
        if (sessions.IsShared)
        {
            return TypedResults.Ok(new MessageResponse("Deprovisioning is disabled in REUSE_RUNNER_MODE."));
        }

        if (SessionIds.Choose(body.Value?.SessionId, sessionHeader) is not { } sessionId)
        {
            return SessionErrors.SessionIdRequired("deprovisioning");
        }

        return await sessions.ReleaseAsync(sessionId, cancellationToken)
            ? TypedResults.Ok(new MessageResponse($"Runner for session {sessionId} deprovisioned successfully."))
            : SessionErrors.RunnerNotFound();
    }

    public static async Task<Results<Ok<MessageResponse>, ErrorResult>> HeartbeatAsync(
        JsonBody<SessionRequest> body,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions,
        CancellationToken cancellationToken)
    {
        if (SessionIds.Choose(body.Value?.SessionId, sessionHeader) is not { } sessionId)
        {
            return SessionErrors.SessionIdRequired("heartbeat");
        }

        var alive = await sessions.HeartbeatAsync(sessionId, cancellationToken);
        return (alive, sessions.IsShared) switch
        {
            (true, false) => TypedResults.Ok(new MessageResponse($"Heartbeat received for session {sessionId}.")),
            (true, true) => TypedResults.Ok(new MessageResponse("Heartbeat received for singleton runner.")),
            (false, false) => SessionErrors.RunnerNotFound(),
            (false, true) => SessionErrors.RunnerNotFound("Singleton runner not found or session ID mismatch."),
        };
    }

    private static string Describe(bool created, bool shared) => (created, shared) switch
    {
        (true, _) => "Runner provisioned successfully.",
        (false, false) => "Runner already exists for this session.",
        (false, true) => "Returning existing singleton runner.",
    };

    private static RunnerNetwork ReadNetwork(string? mode) => mode switch
    {
        null => RunnerNetwork.Bridge,
        "none" => RunnerNetwork.None,
        _ => throw new InvalidInputException("NETWORK_MODE_UNSUPPORTED", "networkMode is 'none', or left out."),
    };
}
