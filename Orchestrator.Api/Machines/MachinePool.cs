using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Templates;

namespace Orchestrator.Api.Machines;

/// <summary>The machines: runners that projects are lent.</summary>
internal sealed class MachinePool(RunnerLeases leases, RunnerTemplates templates)
{
    private const int ShortIdLength = 12;

    private readonly RunnerTemplate _template = templates[MachinesOptions.TemplateName];

    /// <summary>The contract's <c>containerId</c>: the first twelve characters of the engine's handle.</summary>
    public static string Shorten(string handle) => handle.Length > ShortIdLength ? handle[..ShortIdLength] : handle;

    /// <summary>
    /// Assigns a project its machine; the same one until it is released or destroyed. Its work is left to
    /// <see cref="RunnerLeases.Defer"/>.
    /// </summary>
    public Task<ProvisionResult> AssignAsync(string projectId, CancellationToken cancellationToken) =>
        leases.ProvisionAsync(_template, Owner.Machine(projectId), RunnerNetwork.Bridge, cancellationToken, defer: false);

    /// <summary>Every machine that runs, idle or used, oldest first.</summary>
    public async ValueTask<IReadOnlyList<Runner>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await leases.ListAsync(cancellationToken)).Where(runner =>
            runner.Template == _template.Name && runner.State is RunnerState.Idle or RunnerState.Leased && runner.Placement is not null)];

    /// <summary>Gives back the machine that a project id, machine id or container id names, in that order.</summary>
    /// <returns>False when there is none. One that is idle already stays so: true.</returns>
    public async Task<bool> ReleaseAsync(string id, CancellationToken cancellationToken)
    {
        if (await leases.ReleaseAsync(_template, Owner.Machine(id), cancellationToken))
        {
            return true;
        }

        return await FindAsync(id, cancellationToken) is { } machine
            && (machine.Owner is not { } owner || await leases.ReleaseAsync(_template, owner, cancellationToken));
    }

    /// <summary>Removes the machine that a machine id or container id names; false when there is none.</summary>
    public async Task<bool> DestroyAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } machine && await leases.DestroyAsync(machine, cancellationToken);

    private async ValueTask<Runner?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var machines = await ListAsync(cancellationToken);
        if (machines.FirstOrDefault(machine => machine.Id == id) is { } byId)
        {
            return byId;
        }

        // Handles are told apart by their first twelve characters; a prefix of two is neither.
        var byContainer = machines.Where(machine => IsContainer(machine, id)).Take(2).ToList();
        return byContainer is [var only] ? only : null;
    }

    private static bool IsContainer(Runner machine, string id) =>
        machine.Placement is { Handle: var handle }
        && (handle == id || (id.Length >= ShortIdLength && handle.StartsWith(id, StringComparison.OrdinalIgnoreCase)));
}
