namespace Orchestrator.Guest.Supervision;

/// <summary>Finds the program of a command the way a shell does.</summary>
internal static class ProgramPath
{
    /// <summary>Where programs are when nothing says otherwise.</summary>
    public const string Default = "/usr/local/bin:/usr/bin:/bin";
    private const int ExecuteAllowed = 1;

    /// <returns>The path to start, or null when no folder of <paramref name="path"/> has such a program. One that exists
    /// but may not be executed is returned: starting it gives the reason.</returns>
    public static string? Find(string program, string? path, string? workingDirectory)
    {
        if (program.Contains('/'))
        {
            return program;
        }

        string? found = null;
        foreach (var folder in (path ?? Default).Split(':'))
        {
            // An empty folder is the current one; relative ones are the command's, not ours.
            var candidate = Path.Combine(workingDirectory ?? "", folder is "" ? "." : folder, program);
            if (File.Exists(candidate))
            {
                if (Posix.access(candidate, ExecuteAllowed) == 0)
                {
                    return candidate;
                }

                found ??= candidate;
            }
        }

        return found;
    }
}
