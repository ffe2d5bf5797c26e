using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>A project's machine.</summary>
/// <param name="Ip">The public host.</param>
/// <param name="Port">Its port there.</param>
/// <param name="Url">Both together.</param>
/// <param name="ContainerId">The machine's id.</param>
/// <param name="Token">The bearer token for the machine's own interface when its image is ours; left out otherwise.</param>
/// <param name="Isolated">False when code in the machine is not isolated from its host and other runners; left out otherwise.</param>
public sealed record MachineResponse(
    string Ip,
    int Port,
    string Url,
    string ContainerId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Isolated = null);

/// <summary>Every machine, idle or used.</summary>
/// <param name="Machines">The machines.</param>
public sealed record MachineList(IReadOnlyList<MachineEntry> Machines);

/// <summary>A machine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ContainerId">The engine's short id of its container.</param>
/// <param name="Ip">The container's own address.</param>
/// <param name="Port">Its port on the public host.</param>
/// <param name="IsUsed">Whether it is assigned.</param>
/// <param name="AssignedProject">The project; null for an idle one.</param>
/// <param name="Url">Its public address.</param>
public sealed record MachineEntry(
    string Id,
    string ContainerId,
    string? Ip,
    int Port,
    bool IsUsed,
    string? AssignedProject,
    string Url);

/// <summary>The machine to destroy.</summary>
/// <param name="ContainerId">The machine's id, or its container's, short or full.</param>
public sealed record DestroyRequest(string? ContainerId = null);
