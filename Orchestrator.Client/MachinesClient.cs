namespace Orchestrator.Client;

/// <summary>Machines: runners lent to projects, without expiry.</summary>
public sealed class MachinesClient
{
    private readonly ListenerCalls _calls;

    internal MachinesClient(ListenerCalls calls) => _calls = calls;

    /// <summary>Assigns a project its machine; the same one until it is released or destroyed.</summary>
    /// <param name="projectId">The project.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<MachineResponse> AssignAsync(string projectId, CancellationToken cancellationToken = default) =>
        _calls.GetAsync(Uri.EscapeDataString(projectId), ContractJson.Default.MachineResponse, cancellationToken);

    /// <summary>Releases a machine into the pool.</summary>
    /// <param name="id">The project's id, the machine's or its container's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<MessageResponse> ReleaseAsync(string id, CancellationToken cancellationToken = default) =>
        _calls.DeleteAsync(Uri.EscapeDataString(id), ContractJson.Default.MessageResponse, cancellationToken);

    /// <summary>Removes a machine.</summary>
    /// <param name="containerId">The machine's id, or its container's, short or full.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<MessageResponse> DestroyAsync(string containerId, CancellationToken cancellationToken = default) => _calls.PostAsync(
        "destroy", new DestroyRequest(containerId), ContractJson.Request.DestroyRequest, ContractJson.Default.MessageResponse, cancellationToken);

    /// <summary>Every machine, idle or used.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<MachineEntry>> ListAsync(CancellationToken cancellationToken = default) =>
        (await _calls.GetAsync("machines/list", ContractJson.Default.MachineList, cancellationToken)).Machines;
}
