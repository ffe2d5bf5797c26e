namespace Orchestrator.Core.Engines;

/// <summary>What keeps an engine from starting the runners of a template.</summary>
/// <param name="Problem">The problem, a sentence.</param>
/// <param name="Setting">
/// The setting that the engine can't meet, below the template's section: <c>Limits:Cpus</c>. Null when the engine lacks
/// something that it may get any time.
/// </param>
public sealed record StartObstacle(string Problem, string? Setting = null);
