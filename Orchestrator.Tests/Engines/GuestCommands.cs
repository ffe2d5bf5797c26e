using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Engines.Guests;

namespace Orchestrator.Tests.Engines;

/// <summary>Runs commands as the product does: through the guest where the runner has one, else by the engine's exec.</summary>
internal static class GuestCommands
{
    public static async Task<ExecResult> ExecAsync(
        this IRunnerEngine engine, RunnerPlacement placement, string runnerId, string token, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        using var guests = new GuestClients(engine, TimeProvider.System);
        return await guests.FindAsync(RunnerOf(placement, runnerId, token), cancellationToken) is { } guest
            ? await guest.ExecAsync(request, output, cancellationToken)
            : await engine.ExecAsync(placement.Handle, request, output, cancellationToken);
    }

    /// <summary>The guest of a runner that must have one.</summary>
    public static async Task<IGuest> GuestAsync(
        this GuestClients guests, RunnerPlacement placement, string runnerId, string token, CancellationToken cancellationToken)
    {
        var guest = await guests.FindAsync(RunnerOf(placement, runnerId, token), cancellationToken);
        Assert.NotNull(guest);
        return guest;
    }

    /// <summary>A leased runner as the store has it.</summary>
    public static Runner RunnerOf(RunnerPlacement placement, string runnerId, string? token) => new()
    {
        Id = runnerId,
        Template = "session",
        Instance = "",
        State = RunnerState.Leased,
        Fence = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Token = token,
        Placement = placement,
    };
}
