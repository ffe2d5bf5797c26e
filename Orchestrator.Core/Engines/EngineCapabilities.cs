namespace Orchestrator.Core.Engines;

/// <summary>What an engine can do, as its callers ask: never by its name.</summary>
public sealed record EngineCapabilities
{
    /// <summary>Whether code in a runner is kept from the host and from other runners.</summary>
    public required bool Isolated { get; init; }

    /// <summary>Whether a runner can do without any network (<see cref="RunnerNetwork.None"/>).</summary>
    public required bool NetworkNone { get; init; }

    /// <summary>Whether a template's limits hold, whatever the code in a runner does.</summary>
    public required bool LimitsEnforced { get; init; }

    /// <summary>Whether a runner is made from its template's image; else every runner is our own guest.</summary>
    public required bool Images { get; init; }

    /// <summary>Whether a runner's port can be a given one on the public host, as machines need.</summary>
    public required bool FixedPorts { get; init; }

    /// <summary>What is missing, for people; empty when nothing is.</summary>
    public IReadOnlyList<string> Missing =>
    [
        .. Isolated ? (string[])[] : ["isolation"],
        .. NetworkNone ? (string[])[] : ["runners without a network"],
        .. LimitsEnforced ? (string[])[] : ["limits"],
        .. Images ? (string[])[] : ["images"],
        .. FixedPorts ? (string[])[] : ["fixed ports"],
    ];
}
