using System.Diagnostics;
using OpenTelemetry;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Drops the Redis spans that belong to no call and no task: the loops that poll Redis or send heartbeats would each make
/// a trace every second and drown the others.
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
