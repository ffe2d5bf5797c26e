using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orchestrator.Core;

/// <summary>The names under which Orchestrator's own traces and metrics appear.</summary>
public static class OrchestratorTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "Orchestrator";

    /// <summary>Where Orchestrator's spans come from.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>Where Orchestrator's metrics come from.</summary>
    public static Meter Meter { get; } = new(Name);
}
