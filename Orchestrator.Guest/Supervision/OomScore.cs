using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Guest.Supervision;

/// <summary>Makes commands, not the runner, the kernel's victim when memory runs out: a child inherits the score, and ours may
/// be lowered again to its former value. Not to be used by two threads at once.</summary>
internal static class OomScore
{
    private const string Path = "/proc/self/oom_score_adj";

    // Held open: a process that is not dumpable may not open its own.
    private static SafeFileHandle? _file;

    public static void Open()
    {
        try
        {
            _file ??= File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the runner is as likely a victim as the command: worse, not wrong.
        }
    }

    /// <returns>What to give <see cref="Restore"/>.</returns>
    public static byte[]? Sacrifice()
    {
        try
        {
            var before = new byte[16];
            var count = _file is null ? 0 : RandomAccess.Read(_file, before, 0);
            if (count == 0)
            {
                return null;
            }

            RandomAccess.Write(_file!, "1000"u8, 0);
            return before[..count];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static void Restore(byte[]? before)
    {
        try
        {
            if (before is not null)
            {
                RandomAccess.Write(_file!, before, 0);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the runner stays as likely a victim as the command.
        }
    }
}
