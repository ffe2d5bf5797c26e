namespace Orchestrator.Guest.Supervision;

/// <summary>What the kernel tells of a process that has ended.</summary>
/// <param name="Status">Its wait status.</param>
/// <param name="CpuSeconds">Processor time of it and the children it waited for.</param>
/// <param name="MemoryBytes">The largest resident memory of any of them.</param>
internal sealed record EndedProcess(int Status, double CpuSeconds, long MemoryBytes)
{
    /// <summary>The signal that killed it; null when it exited by itself.</summary>
    public int? Signal => (Status & 0x7f) is var signal and not 0 ? signal : null;

    /// <summary>Its own exit code, or 128 and the signal.</summary>
    public int ExitCode => Signal is { } signal ? 128 + signal : (Status >> 8) & 0xff;
}
