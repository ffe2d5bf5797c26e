using Orchestrator.Api.Sessions;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Api.Machines;

/// <summary>What goes wrong below, in the words of docs/contract/worker-machines.md.</summary>
internal static class MachineErrors
{
    /// <summary>How long a caller should wait for a machine that there is none of yet.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(3);

    /// <summary>Of an assignment: whatever keeps a machine from being there is worth another try.</summary>
    public static ErrorMap Assigning { get; } = new(exception => exception switch
    {
        CapacityExhaustedException or EngineException or StoreUnavailableException => new(
            StatusCodes.Status503ServiceUnavailable, "Failed to create worker or no machines available", "Please retry in a few seconds", RetryAfter),
        _ => Failed("Internal server error"),
    });

    /// <summary>Of a release.</summary>
    public static ErrorMap Releasing { get; } = new(exception => FindOutage(exception) ?? Failed("Internal server error"));

    /// <summary>Of a destruction.</summary>
    public static ErrorMap Destroying { get; } = new(exception => FindOutage(exception) ?? Failed("Failed to destroy container"));

    public static ErrorResult NotFound() => new(StatusCodes.Status404NotFound, "Machine not found");

    public static ErrorResult ContainerIdRequired() => new(StatusCodes.Status400BadRequest, "containerId is required");

    private static ErrorResult? FindOutage(Exception exception) =>
        exception is EngineUnavailableException or StoreUnavailableException ? SessionErrors.Map.Find(exception) : null;

    private static ErrorResult Failed(string error) => new(StatusCodes.Status500InternalServerError, error);
}
