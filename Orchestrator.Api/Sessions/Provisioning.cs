using Microsoft.AspNetCore.Mvc;
using Orchestrator.Api.Configuration;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Gives sessions their runners, keeps them alive and takes them away.</summary>
internal static class Provisioning
{
    public static async Task<JsonAnswer<ProvisionResponse>> ProvisionAsync(
        HttpRequest request,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions,
        PublicAddress address)
    {
        var body = await JsonBody.ReadAsync(request, ApiJson.Default.ProvisionRequest);
        var sessionId = SessionIds.Choose(body?.SessionId, sessionHeader) ?? Guid.NewGuid().ToString();
        var network = ReadNetwork(body?.NetworkMode);
        var (runner, created) = await sessions.ProvisionAsync(
            sessionId, network, request.HttpContext.Response.WhenSent, request.HttpContext.RequestAborted);
        var response = new ProvisionResponse(
            Describe(created, sessions.IsShared),
            address.EndpointOf(runner),
            runner.Owner?.Id ?? sessionId,
            runner.Id,
            runner.Token,
            runner.ExpiresAt);
        return new(created ? StatusCodes.Status201Created : StatusCodes.Status200OK, response, ApiJson.Default.ProvisionResponse);
    }

    public static async Task<IResult> DeprovisionAsync(
        HttpRequest request,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions)
    {
        var body = await JsonBody.ReadAsync(request, ApiJson.Default.SessionRequest);
        if (sessions.IsShared)
        {
            return TypedResults.Ok(new MessageResponse("Deprovisioning is disabled in REUSE_RUNNER_MODE."));
        }

        if (SessionIds.Choose(body?.SessionId, sessionHeader) is not { } sessionId)
        {
            return SessionErrors.SessionIdRequired("deprovisioning");
        }

        return await sessions.ReleaseAsync(sessionId, request.HttpContext.RequestAborted)
            ? TypedResults.Ok(new MessageResponse($"Runner for session {sessionId} deprovisioned successfully."))
            : SessionErrors.RunnerNotFound();
    }

    public static async Task<IResult> HeartbeatAsync(
        HttpRequest request,
        [FromHeader(Name = "X-Session-Id")] string? sessionHeader,
        SessionRunners sessions)
    {
        var body = await JsonBody.ReadAsync(request, ApiJson.Default.SessionRequest);
        if (SessionIds.Choose(body?.SessionId, sessionHeader) is not { } sessionId)
        {
            return SessionErrors.SessionIdRequired("heartbeat");
        }

        var alive = await sessions.HeartbeatAsync(sessionId, request.HttpContext.RequestAborted);
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
