using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Engines;

/// <summary>A runner for the engine to make.</summary>
/// <param name="RunnerId">The runner's id.</param>
/// <param name="Template">Its template.</param>
/// <param name="Owner">Its owner where that is known already; null for a runner of the pool.</param>
/// <param name="Token">The secret of its interface. Only the token's SHA-256 may enter the container.</param>
/// <param name="Network">The network it gets.</param>
/// <param name="Port">The port that was reserved for it on the public host; null lets the engine choose.</param>
public sealed record RunnerSpec(
    string RunnerId,
    RunnerTemplate Template,
    Owner? Owner,
    string Token,
    RunnerNetwork Network,
    int? Port);

/// <summary>A runner as the engine sees it.</summary>
/// <param name="RunnerId">The runner's id, from its label.</param>
/// <param name="Template">Its template's name, from its label.</param>
/// <param name="Running">False when it has ended, or never started.</param>
/// <param name="Owner">The owner from its label or name; null when neither names one.</param>
/// <param name="Network">What network it has.</param>
/// <param name="Plan">The hash of its plan, from its label; null for a runner of an older version.</param>
/// <param name="Placement">Where it is.</param>
/// <param name="CreatedAt">When it was made, by the engine's clock.</param>
public sealed record ObservedRunner(
    string RunnerId,
    string Template,
    bool Running,
    Owner? Owner,
    RunnerNetwork Network,
    string? Plan,
    RunnerPlacement Placement,
    DateTimeOffset CreatedAt)
{
    /// <summary>Whether the engine's freezer holds it; it counts as running.</summary>
    public bool Paused { get; init; }
}

/// <summary>What happened to a runner.</summary>
public enum RunnerEventKind
{
    /// <summary>It runs.</summary>
    Started,

    /// <summary>The engine's freezer holds it.</summary>
    Paused,

    /// <summary>It ended, for any reason.</summary>
    Died,

    /// <summary>It ran out of memory. It may live on if only a child was killed.</summary>
    OutOfMemory,

    /// <summary>Its container is gone.</summary>
    Removed,
}

/// <summary>An event of a runner.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="RunnerId">The runner's id.</param>
public sealed record RunnerEvent(RunnerEventKind Kind, string RunnerId);
