using Orchestrator.Core.Templates;

namespace Orchestrator.Core;

/// <summary>The state of a runner.</summary>
public enum RunnerState
{
    /// <summary>Reserved in the store; its container is being made. With an owner: the cold path. Without: a refill.</summary>
    Creating,

    /// <summary>Running, ready and without owner: in the pool.</summary>
    Idle,

    /// <summary>Running, with an owner.</summary>
    Leased,

    /// <summary>Taken out of use; its container is being removed. The owner keeps its place until that is done.</summary>
    Removing,
}

/// <summary>The network of a runner's container.</summary>
public enum RunnerNetwork
{
    /// <summary>The orchestrator's own bridge, without traffic between containers; one port published.</summary>
    Bridge,

    /// <summary>No network at all; usable through exec only.</summary>
    None,
}

/// <summary>
/// A runner as the store knows it: an isolated container with an id, a template, an address and at most one owner.
/// An immutable snapshot; every change goes through <see cref="Stores.IRunnerStore"/> and compares <see cref="Fence"/>.
/// </summary>
public sealed record Runner
{
    /// <summary>The runner's id, unique for ever (<see cref="RunnerId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>The name of its template (<see cref="RunnerTemplate.Name"/>).</summary>
    public required string Template { get; init; }

    /// <summary>The instance that keeps it (<see cref="Engines.IRunnerEngine.Instance"/>).</summary>
    public required string Instance { get; init; }

    /// <summary>Its state.</summary>
    public required RunnerState State { get; init; }

    /// <summary>
    /// A number that grows with every change of state or owner, in the whole store.
    /// A change names the fence that its caller saw; it is refused when another one holds.
    /// </summary>
    public required long Fence { get; init; }

    /// <summary>Its owner; null for an idle runner and a refill.</summary>
    public Owner? Owner { get; init; }

    /// <summary>When the lease (leased) or the reservation (creating) ends, by the store's clock; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The last claim, heartbeat or exec, by the store's clock; null while it has no owner.</summary>
    public DateTimeOffset? ContactAt { get; init; }

    /// <summary>When its record was made, by the store's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last became idle, by the store's clock.</summary>
    public DateTimeOffset? IdleSince { get; init; }

    /// <summary>The secret that callers of the runner's own interface present; null when it was lost with the store.</summary>
    public string? Token { get; init; }

    /// <summary>The hash of its plan (<see cref="Engines.IRunnerEngine.PlanOf"/>); null for a runner of an older version.</summary>
    public string? Plan { get; init; }

    /// <summary>The network of its container.</summary>
    public RunnerNetwork Network { get; init; }

    /// <summary>The port on the public host, reserved for it or chosen by its engine; null without a network.</summary>
    public int? Port { get; init; }

    /// <summary>Its placement, as its engine reports it; null until it is attached.</summary>
    public RunnerPlacement? Placement { get; init; }

    /// <inheritdoc />
    public override string ToString() => Id;
}

/// <summary>Where a started runner is, as its engine reports it. Callers use <see cref="Engines.IRunnerEngine.AddressOf"/>.</summary>
/// <param name="Handle">The engine's name for it; opaque to all other code.</param>
/// <param name="Image">The image's name as the template gave it.</param>
/// <param name="ImageId">The id of the image it was made from.</param>
/// <param name="Address">Its own address in the engine's network; null without a network.</param>
/// <param name="Port">The port that the engine publishes it at; null without a network.</param>
public sealed record RunnerPlacement(string Handle, string Image, string ImageId, string? Address, int? Port);
