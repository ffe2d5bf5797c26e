using System.Globalization;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>How many connections the listeners of a process keep open.</summary>
/// <param name="Total">All listeners together.</param>
/// <param name="PerAddress">From one remote address, so that one caller can't lock out all others.</param>
internal sealed record ConnectionLimits(int Total, int PerAddress)
{
    // Larger machines raise Security:MaxConnections.
    private const int MostByDefault = 10_000;
    private const int OpenFilesWhereUnknown = 1_024;

    /// <summary>
    /// Limits of <paramref name="configured"/> connections; by default half of the files that the process may still open,
    /// which leaves the other half to the calls (engine, store, assemblies), and at most 10,000.
    /// </summary>
    public static ConnectionLimits Of(int? configured) => Of(configured, FindOpenFiles() - CountOpenFiles());

    internal static ConnectionLimits Of(int? configured, long freeFiles)
    {
        var total = configured ?? (int)Math.Clamp(freeFiles / 2, 1, MostByDefault);
        return new(total, Math.Max(1, total * 3 / 4));
    }

    private static int CountOpenFiles()
    {
        const string Open = "/proc/self/fd";
        return Directory.Exists(Open) ? Directory.EnumerateFileSystemEntries(Open).Count() : 0;
    }

    // "Max open files            1024                 1048576              files"; the runtime raises the first to the second.
    private static long FindOpenFiles()
    {
        const string Limits = "/proc/self/limits";
        var line = File.Exists(Limits)
            ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            : null;
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] switch
        {
            "unlimited" => long.MaxValue,
            { } text when long.TryParse(text, CultureInfo.InvariantCulture, out var limit) => limit,
            _ => OpenFilesWhereUnknown,
        };
    }
}
