using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.Sessions;

/// <summary>Describes how calls to guests fail.</summary>
internal static class GuestFailures
{
    public static TBuilder FailsWithoutGuest<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder
            .Fails(404, "RUNNER_NOT_FOUND", "No active runner found for this session ID.")
            .Fails(501, "NOT_SUPPORTED", "This runner's image has no guest, or its token was lost with the store.")
            .Fails(502, "RUNNER_MISBEHAVED", "The runner's guest broke its protocol; code in the runner may have tampered with it.")
            .Fails(503, "ENGINE_UNAVAILABLE", "The container engine can't be reached. Please retry in a few seconds.");
}
