using System.Globalization;

namespace Orchestrator.Engines.Processes;

/// <summary>
/// Distinguishes a process from a later one with the same number: by its start, in clock ticks since boot, as in
/// <c>/proc/PID/stat</c>.
/// </summary>
internal readonly record struct ProcessIdentity(int Pid, long StartTicks)
{
    /// <summary>Whether that very process still runs.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/stat")), out var state) == this
                    && state is not ('Z' or 'X');
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Reads a line of <c>/proc/PID/stat</c>; null when it is malformed.</summary>
    /// <remarks><code>4711 (dotnet) S 1 4711 4711 0 -1 4194560 … 123456 …</code> The name may hold spaces and parentheses; field 22 is the start.</remarks>
    public static ProcessIdentity? Parse(string stat, out char state)
    {
        state = '?';
        var open = stat.IndexOf('(');
        var close = stat.LastIndexOf(')');
        if (open < 1 || close < open)
        {
            return null;
        }

        var fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20
            || !int.TryParse(stat[..open].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            || !long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start))
        {
            return null;
        }

        state = fields[0][0];
        return new ProcessIdentity(pid, start);
    }

    /// <summary>This boot's id: after another boot no recorded process is the same one.</summary>
    public static string BootId { get; } = File.Exists("/proc/sys/kernel/random/boot_id")
        ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()
        : "";
}
