using System.Buffers.Text;
using System.Globalization;

namespace Orchestrator.Guest.Supervision;

/// <summary>One process as in <c>/proc/[pid]/stat</c>.</summary>
/// <remarks>A class: collections of it then need no code compiled at run time, which would delay a command.</remarks>
/// <param name="Pid">Its id.</param>
/// <param name="State">A letter, as <c>R</c>, <c>S</c> or <c>Z</c>.</param>
/// <param name="Parent">The id of its parent.</param>
/// <param name="Group">The id of its process group.</param>
/// <param name="Session">The id of its session.</param>
/// <param name="CpuTicks">Processor time of it and the children it waited for, in hundredths of a second.</param>
/// <param name="StartTime">When it started, in hundredths of a second since the machine did.</param>
/// <param name="Pages">Its resident memory in pages.</param>
internal sealed record ProcessEntry(int Pid, char State, int Parent, int Group, int Session, long CpuTicks = 0, long StartTime = 0, long Pages = 0)
{
    public bool IsDead => State is 'Z' or 'X';
}

/// <summary>Reads <c>/proc</c>.</summary>
internal static class ProcessTable
{
    public static List<ProcessEntry> Read()
    {
        var entries = new List<ProcessEntry>();
        var buffer = new byte[1024];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(folder.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && ReadFile($"{folder}/stat", buffer) is var count and > 0
                && Parse(pid, buffer.AsSpan(0, count)) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>A variable of the environment that the process was started with; null when it is not set, or its
    /// environment cannot be read.</summary>
    public static string? VariableOf(int pid, string name)
    {
        var environment = ReadText($"/proc/{pid}/environ");
        foreach (var entry in environment.Split('\0'))
        {
            if (entry.StartsWith(name, StringComparison.Ordinal) && entry.AsSpan(name.Length).StartsWith("="))
            {
                return entry[(name.Length + 1)..];
            }
        }

        return null;
    }

    /// <summary>Whether both processes run as the same user.</summary>
    public static bool IsSameUser(int pid, int other) => UserOf(pid) is { Length: > 0 } user && user == UserOf(other);

    private static string? UserOf(int pid) =>
        ReadText($"/proc/{pid}/status").Split('\n').FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone, or another user's.
            return "";
        }
    }

    /// <summary>One process; null when it is gone.</summary>
    public static ProcessEntry? ReadOne(int pid)
    {
        var buffer = new byte[1024];
        return ReadFile($"/proc/{pid}/stat", buffer) is var count and > 0 ? Parse(pid, buffer.AsSpan(0, count)) : null;
    }

    /// <summary>Parses e.g. <c>17 (a (b) c) S 1 17 17 0 …</c>: pid, name, state, parent, group, session, and further on
    /// times, start and memory (proc_pid_stat(5), fields 14 to 17, 22 and 24), which may be missing.</summary>
    internal static ProcessEntry? Parse(int pid, ReadOnlySpan<byte> stat)
    {
        // The name may hold any character, parentheses too: count from the last one.
        var rest = stat[(stat.LastIndexOf((byte)')') + 1)..];
        if (rest.Length < 4)
        {
            return null;
        }

        var state = (char)rest[1];
        rest = rest[3..];
        if (!Next(ref rest, out var parent) || !Next(ref rest, out var group) || !Next(ref rest, out var session))
        {
            return null;
        }

        long ticks = 0, start = 0, pages = 0;
        for (var field = 7; field <= 24 && Next(ref rest, out var number); field++)
        {
            ticks += field is >= 14 and <= 17 ? number : 0;
            start = field == 22 ? number : start;
            pages = field == 24 ? number : pages;
        }

        return new ProcessEntry(pid, state, (int)parent, (int)group, (int)session, ticks, start, pages);
    }

    private static bool Next(ref ReadOnlySpan<byte> rest, out long number)
    {
        if (!Utf8Parser.TryParse(rest, out number, out var used))
        {
            return false;
        }

        rest = rest[Math.Min(used + 1, rest.Length)..];
        return true;
    }

    private static int ReadFile(string path, Span<byte> buffer)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            return RandomAccess.Read(handle, buffer, 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
