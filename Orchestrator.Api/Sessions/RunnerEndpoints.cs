using Orchestrator.Core;
using Orchestrator.Core.Engines;

namespace Orchestrator.Api.Sessions;

/// <summary>Runners' endpoints in the words of docs/contract/session-runners.md.</summary>
internal static class RunnerEndpoints
{
    /// <summary>Where callers reach a runner; null while it is being created.</summary>
    public static string? EndpointOf(this IRunnerEngine engine, Runner runner) => runner.Network == RunnerNetwork.None
        ? "N/A (isolated network mode)"
        : engine.AddressOf(runner)?.Url;

    /// <summary>False where the engine does not isolate its runners; null, for callers to read nothing, where it does.</summary>
    public static bool? IsolationOf(this IRunnerEngine engine) => engine.Capabilities.Isolated ? null : false;

    /// <summary>Where a runner is reached; null while it is being created, or without a network.</summary>
    public static RunnerAddress? AddressOf(this IRunnerEngine engine, Runner runner) =>
        runner.Placement is { } placement ? engine.AddressOf(placement) : null;
}
