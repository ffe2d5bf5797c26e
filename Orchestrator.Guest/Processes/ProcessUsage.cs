using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Processes;

/// <summary>What the sessions of live processes use, as <c>/proc</c> tells it to anyone.</summary>
internal sealed class ProcessUsage
{
    /// <summary>Linux counts processor time in hundredths of a second, on every machine.</summary>
    private const double TicksPerSecond = 100;

    private readonly ILookup<int, ProcessEntry> _sessions = ProcessTable.Read().ToLookup(entry => entry.Session);

    /// <summary>The processor time and memory of a process and those that stayed in its session.</summary>
    public (double CpuSeconds, long MemoryBytes) Of(int pid) =>
        (_sessions[pid].Sum(entry => entry.CpuTicks) / TicksPerSecond, _sessions[pid].Sum(entry => entry.Pages) * Environment.SystemPageSize);
}
