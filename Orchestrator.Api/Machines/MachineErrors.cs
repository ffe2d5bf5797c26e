using Orchestrator.Api.Sessions;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Api.Machines;

/// <summary>Maps the domain's exceptions to the errors of docs/contract/worker-machines.md.</summary>
internal static class MachineErrors
{
    /// <summary>The <c>Retry-After</c> of a call that found no machine.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(3);

    /// <summary>For an assignment: any failure to supply a machine is worth a retry.</summary>
    public static ErrorMap Assigning { get; } = new(exception => exception switch
    {
        CapacityExhaustedException or EngineException or StoreUnavailableException => new(
            StatusCodes.Status503ServiceUnavailable, "Failed to create worker or no machines available", "Please retry in a few seconds", RetryAfter),
        _ => Failed("Internal server error"),
    });

    /// <summary>For a release.</summary>
    public static ErrorMap Releasing { get; } = new(exception => FindOutage(exception) ?? Failed("Internal server error"));

    /// <summary>For a destruction.</summary>
    public static ErrorMap Destroying { get; } = new(exception => FindOutage(exception) ?? Failed("Failed to destroy container"));

    public static ErrorResult NotFound() => new(StatusCodes.Status404NotFound, "Machine not found");

    public static ErrorResult ContainerIdRequired() => new(StatusCodes.Status400BadRequest, "containerId is required");

    private static ErrorResult? FindOutage(Exception exception) =>
        exception is EngineUnavailableException or StoreUnavailableException ? SessionErrors.Map.Find(exception) : null;

    private static ErrorResult Failed(string error) => new(StatusCodes.Status500InternalServerError, error);
}
