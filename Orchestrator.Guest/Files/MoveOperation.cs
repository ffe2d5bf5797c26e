using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Renames a file or a folder, replacing a file at the destination.</summary>
internal static class MoveOperation
{
    /// <exception cref="FileException">The source is missing, or the file system refuses.</exception>
    public static void Run(PosixPath source, PosixPath destination)
    {
        // Before the destination's parents are made for nothing.
        if (FileStatus.At(Libc.AT_FDCWD, source, follow: false) is null)
        {
            throw FileException.Of(Posix.LastError, source);
        }

        Folders.MakeParents(destination);
        if (Libc.RenameAt(Libc.AT_FDCWD, source, Libc.AT_FDCWD, destination) != 0)
        {
            throw FileException.Of(Posix.LastError, $"{source} to {destination}");
        }
    }
}
