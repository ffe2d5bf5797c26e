using System.Diagnostics;
using OpenTelemetry;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Keeps out of the traces what belongs to no call and no task: loops that poll Redis or tell of themselves would each make
/// a trace every second, and drown the others.
/// </summary>
internal sealed class BackgroundRedisFilter : BaseProcessor<Activity>
{
    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        if (data.Source.Name == TelemetryNames.Redis && data.ParentSpanId == default)
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
