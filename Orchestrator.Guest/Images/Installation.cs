using System.Runtime.Versioning;

namespace Orchestrator.Guest.Images;

/// <summary>Puts this program into a folder for other images to run it from: a static program needs nothing but itself.</summary>
[SupportedOSPlatform("linux")]
internal static class Installation
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Idempotent and atomic: the program is there whole, or not at all. A folder belongs to one version.</summary>
    /// <returns>The exit code.</returns>
    public static int Into(string folder)
    {
        var source = Environment.ProcessPath!;
        var target = Path.Combine(folder, Path.GetFileName(source));
        if (File.Exists(target))
        {
            return 0;
        }

        var beside = $"{target}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        try
        {
            using (var from = File.OpenRead(source))
            using (var to = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode }))
            {
                from.CopyTo(to);
                File.SetUnixFileMode(beside, Mode);
                to.Flush(flushToDisk: true);
            }

            File.Move(beside, target, overwrite: true);
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Discard(beside);
            Console.Error.WriteLine($"Cannot install into {folder}: {error.Message}");
            return 1;
        }
    }

    private static void Discard(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }
}
