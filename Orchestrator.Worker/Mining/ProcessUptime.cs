namespace Orchestrator.Worker.Mining;

/// <summary>How long this process has been up.</summary>
internal sealed class ProcessUptime(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>In whole seconds.</summary>
    public long Seconds => (long)time.GetElapsedTime(_started).TotalSeconds;
}
