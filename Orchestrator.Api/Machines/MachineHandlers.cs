using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Sessions;
using Orchestrator.Client;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Machines;

/// <summary>Assigns, releases, lists and destroys machines.</summary>
internal static class MachineHandlers
{
    public static async Task<Ok<MachineResponse>> AssignAsync(
        string projectId, MachinePool machines, RunnerLeases leases, IRunnerEngine engine, HttpResponse response, CancellationToken cancellationToken)
    {
        ProjectIds.Check(projectId);
        var assigned = await machines.AssignAsync(projectId, cancellationToken);
        response.WhenSent(() => leases.Defer(assigned));
        var machine = assigned.Runner;
        var address = engine.AddressOf(machine) ?? throw new InvalidOperationException($"Machine {machine.Id} has no address.");
        return TypedResults.Ok(new MachineResponse(address.Host, address.Port, address.Url, machine.Id, TokenOf(machine), engine.IsolationOf()));
    }

    public static async Task<Results<Ok<MessageResponse>, ErrorResult>> ReleaseAsync(
        string projectId, MachinePool machines, CancellationToken cancellationToken)
    {
        ProjectIds.Check(projectId);
        return await machines.ReleaseAsync(projectId, cancellationToken)
            ? TypedResults.Ok(new MessageResponse($"Machine {projectId} released"))
            : MachineErrors.NotFound();
    }

    public static async Task<Results<Ok<MessageResponse>, ErrorResult>> DestroyAsync(
        JsonBody<DestroyRequest> body, MachinePool machines, CancellationToken cancellationToken)
    {
        if (body.Value?.ContainerId is not { Length: > 0 } id)
        {
            return MachineErrors.ContainerIdRequired();
        }

        if (id.Length > 128)
        {
            throw InvalidInputException.Field("containerId", "is longer than 128 characters.");
        }

        return await machines.DestroyAsync(id, cancellationToken)
            ? TypedResults.Ok(new MessageResponse($"Container {id} destroyed successfully"))
            : MachineErrors.NotFound();
    }

    public static async Task<Ok<MachineList>> ListAsync(MachinePool machines, IRunnerEngine engine, CancellationToken cancellationToken) =>
        TypedResults.Ok(new MachineList([.. (await machines.ListAsync(cancellationToken)).Select(machine => Describe(machine, engine))]));

    private static MachineEntry Describe(Runner machine, IRunnerEngine engine) => new(
        machine.Id,
        MachinePool.Shorten(machine.Placement!.Handle),
        machine.Placement.Address,
        engine.AddressOf(machine)?.Port ?? 0,
        machine.State == RunnerState.Leased,
        machine.Owner switch
        {
            null => null,
            { Kind: OwnerKind.Machine, Id: var project } => project,
            _ => "unknown",
        },
        engine.EndpointOf(machine) ?? "");

    // A foreign image ignores the token, and its callers expect no such field.
    private static string? TokenOf(Runner machine) =>
        machine.Placement is { Image: var image } && RunnerImage.IsOurs(image) ? machine.Token : null;
}
