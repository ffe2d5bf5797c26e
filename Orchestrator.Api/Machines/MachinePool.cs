using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Templates;

namespace Orchestrator.Api.Machines;

/// <summary>The machines: runners assigned to projects.</summary>
internal sealed class MachinePool(RunnerLeases leases, RunnerTemplates templates)
{
    private const int ShortIdLength = 12;

    private readonly RunnerTemplate _template = templates[MachinesOptions.TemplateName];

    /// <summary>The contract's <c>containerId</c>: the first twelve characters of the engine's handle.</summary>
    public static string Shorten(string handle) => handle.Length > ShortIdLength ? handle[..ShortIdLength] : handle;

    /// <summary>
    /// Assigns a project its machine; the same one until it is released or destroyed. Its deferred work is left to
    /// <see cref="RunnerLeases.Defer"/>.
    /// </summary>
    public Task<ProvisionResult> AssignAsync(string projectId, CancellationToken cancellationToken) =>
        leases.ProvisionAsync(_template, Owner.Machine(projectId), RunnerNetwork.Bridge, cancellationToken, defer: false);

    /// <summary>Every running machine, idle or used, oldest first.</summary>
    public async ValueTask<IReadOnlyList<Runner>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await leases.ListAsync(cancellationToken)).Where(runner =>
            runner.Template == _template.Name && runner.State is RunnerState.Idle or RunnerState.Leased && runner.Placement is not null)];

    /// <summary>Releases the machine with this project id, machine id or container id, looked up in that order.</summary>
    /// <returns>False when there is none; true also for an idle one, which stays idle.</returns>
    public async Task<bool> ReleaseAsync(string id, CancellationToken cancellationToken)
    {
        if (await leases.ReleaseAsync(_template, Owner.Machine(id), cancellationToken))
        {
            return true;
        }

        return await FindAsync(id, cancellationToken) is { } machine
            && (machine.Owner is not { } owner || await leases.ReleaseAsync(_template, owner, cancellationToken));
    }

    /// <summary>Removes the machine with this machine id or container id; false when there is none.</summary>
    public async Task<bool> DestroyAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } machine && await leases.DestroyAsync(machine, cancellationToken);

    private async ValueTask<Runner?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var machines = await ListAsync(cancellationToken);
        if (machines.FirstOrDefault(machine => machine.Id == id) is { } byId)
        {
            return byId;
        }

        // Twelve characters identify a handle; an id that two handles start with names neither.
        var byContainer = machines.Where(machine => IsContainer(machine, id)).Take(2).ToList();
        return byContainer is [var only] ? only : null;
    }

    private static bool IsContainer(Runner machine, string id) =>
        machine.Placement is { Handle: var handle }
        && (handle == id || (id.Length >= ShortIdLength && handle.StartsWith(id, StringComparison.OrdinalIgnoreCase)));
}
