namespace Orchestrator.Core.Engines;

/// <summary>What an engine can do. Callers ask this, never the engine's name.</summary>
public sealed record EngineCapabilities
{
    /// <summary>Whether code in a runner is isolated from the host and from other runners.</summary>
    public required bool Isolated { get; init; }

    /// <summary>Whether a runner can run without a network (<see cref="RunnerNetwork.None"/>).</summary>
    public required bool NetworkNone { get; init; }

    /// <summary>Whether a template's limits are enforced on the code in a runner.</summary>
    public required bool LimitsEnforced { get; init; }

    /// <summary>Whether a runner is made from its template's image; if not, every runner is our own guest.</summary>
    public required bool Images { get; init; }

    /// <summary>Whether the caller can choose a runner's port on the public host, as machines need.</summary>
    public required bool FixedPorts { get; init; }

    /// <summary>The missing capabilities, for display; empty when none is missing.</summary>
    public IReadOnlyList<string> Missing =>
    [
        .. Isolated ? (string[])[] : ["isolation"],
        .. NetworkNone ? (string[])[] : ["runners without a network"],
        .. LimitsEnforced ? (string[])[] : ["limits"],
        .. Images ? (string[])[] : ["images"],
        .. FixedPorts ? (string[])[] : ["fixed ports"],
    ];
}
