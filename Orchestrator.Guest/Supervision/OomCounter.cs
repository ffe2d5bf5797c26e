using System.Globalization;

namespace Orchestrator.Guest.Supervision;

/// <summary>Tells by the control group's counter whether the kernel has killed a process for want of memory.</summary>
internal sealed class OomCounter
{
    private const string Root = "/sys/fs/cgroup";
    private static readonly string? File = FileOf(Root, "/proc/self/cgroup");

    private readonly string? _file;
    private readonly long _before;

    private OomCounter(string? file) => (_file, _before) = (file, Read(file));

    public static OomCounter Start() => new(File);

    /// <summary>A counter of a hierarchy elsewhere.</summary>
    internal static OomCounter Start(string root, string memberships) => new(FileOf(root, memberships));

    /// <summary>Whether it is higher than at the start.</summary>
    public bool HasRisen() => Read(_file) > _before;

    /// <summary>The file with the line <c>oom_kill N</c>: of this process's own group where it can be seen, else of the
    /// topmost that can, which in a container is its own.</summary>
    private static string? FileOf(string root, string memberships)
    {
        var candidates = new List<string>();
        foreach (var line in Lines(memberships))
        {
            // 0::/a/b for version 2, 5:memory:/a/b for version 1.
            if (line.Split(':', 3) is [_, var controllers, var path])
            {
                if (controllers.Split(',').Contains("memory"))
                {
                    candidates.Add($"{root}/memory{path}/memory.oom_control");
                    candidates.Add($"{root}/memory/memory.oom_control");
                }
                else if (controllers is "")
                {
                    candidates.Add($"{root}{path}/memory.events");
                    candidates.Add($"{root}/memory.events");
                }
            }
        }

        return candidates.Find(System.IO.File.Exists);
    }

    private static long Read(string? file)
    {
        const string Name = "oom_kill ";
        var line = file is null ? null : Lines(file).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(Name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return System.IO.File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
