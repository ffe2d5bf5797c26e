using System.Diagnostics;
using OpenTelemetry;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>Keeps the traces of probes and scrapes from being exported.</summary>
internal sealed class ProbeTraceFilter : BaseProcessor<Activity>
{
    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        if (data.Kind is ActivityKind.Server
            && data.GetTagItem("url.path") is string path
            && TelemetryNames.ProbePaths.Contains(path))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
