using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Machines;

/// <summary>The calls of docs/contract/worker-machines.md.</summary>
internal static class MachineEndpoints
{
    private const string ProjectRoute = $"/{{projectId:{ProjectIds.Constraint}}}";

    public static RouteGroupBuilder MapMachines(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapListener(Listener.Machines).WithTags("Machines").FailsUnexpectedly();

        group.MapGet(ProjectRoute, MachineHandlers.AssignAsync)
            .WithName("AssignMachine")
            .WithSummary("Assign a project its machine")
            .WithDescription("The same machine every time, until it is released or destroyed.")
            .WithMetadata(new SameSiteOnly(), MachineErrors.Assigning)
            .Answers<MachineResponse>(200, """{"ip":"localhost","port":9093,"url":"http://localhost:9093","containerId":"worker-1234567890-abc123"}""")
            .Fails(400, "PROJECT_ID_INVALID", "projectId must be 1 to 64 letters, digits, '_' or '-'.")
            .Fails(500, "Internal server error")
            .Fails(503, "Failed to create worker or no machines available", "Please retry in a few seconds");

        group.MapDelete(ProjectRoute, MachineHandlers.ReleaseAsync)
            .WithName("ReleaseMachine")
            .WithSummary("Release a machine")
            .WithDescription("Identified by project id, machine id or container id.")
            .WithMetadata(new SameSiteOnly(), MachineErrors.Releasing)
            .Answers<MessageResponse>(200, """{"message":"Machine cmj7fop3s0002tt2w50m0rvex released"}""")
            .Fails(404, "Machine not found")
            .Fails(500, "Internal server error")
            .FailsWithoutStore();

        group.MapPost("/destroy", MachineHandlers.DestroyAsync)
            .WithName("DestroyMachine")
            .WithSummary("Destroy a machine")
            .WithMetadata(MachineErrors.Destroying)
            .Takes(ContractJson.Default.DestroyRequest, """{"containerId":"worker-1234567890-abc123"}""").IgnoresUnknownFields()
            .Answers<MessageResponse>(200, """{"message":"Container worker-1234567890-abc123 destroyed successfully"}""")
            .Fails(400, "containerId is required")
            .Fails(404, "Machine not found")
            .Fails(500, "Failed to destroy container")
            .FailsWithoutStore();

        group.MapGet("/machines/list", MachineHandlers.ListAsync)
            .WithName("ListMachines")
            .WithSummary("List every machine")
            .Answers<MachineList>(200, """
                {"machines":[
                {"id":"worker-1234567890-abc123","containerId":"abc123def456","ip":"172.17.0.2","port":9093,"isUsed":false,"assignedProject":null,"url":"http://localhost:9093"},
                {"id":"worker-1234567891-xyz789","containerId":"xyz789ghi012","ip":"172.17.0.3","port":9094,"isUsed":true,"assignedProject":"cmj7fop3s0002tt2w50m0rvex","url":"http://localhost:9094"}]}
                """)
            .FailsWithoutStore();
        return group;
    }
}
