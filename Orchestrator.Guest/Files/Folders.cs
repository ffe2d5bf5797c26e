using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Makes folders.</summary>
internal static class Folders
{
    private const uint Mode = 0x1ed; // 0755

    /// <summary>Makes a folder that must not exist, and its parents.</summary>
    /// <exception cref="FileException">Already there, or it can't be made.</exception>
    public static void Make(PosixPath path)
    {
        if (FileStatus.At(Libc.AT_FDCWD, path, follow: true) is { } there)
        {
            throw there.IsDirectory
                ? new FileException(FileFailure.AlreadyExists, $"directory already exists: {path}")
                : new FileException(FileFailure.InvalidArgument, $"path is a file, not a directory: {path}");
        }

        MakeAll(path);
    }

    /// <summary>Makes the folder a path is in, where it is missing.</summary>
    /// <exception cref="FileException">It can't be made.</exception>
    public static void MakeParents(PosixPath path) => MakeAll(path.Parent);

    /// <summary>Makes a folder and its parents, each where it is missing.</summary>
    /// <exception cref="FileException">One can't be made, or is a file.</exception>
    public static void MakeAll(PosixPath path)
    {
        // Upwards to the first that is there, then down again: a path may be as deep as it likes.
        var missing = new Stack<PosixPath>();
        while (true)
        {
            if (FileStatus.At(Libc.AT_FDCWD, path, follow: true) is { } there)
            {
                if (!there.IsDirectory)
                {
                    throw new FileException(FileFailure.InvalidArgument, $"path is a file, not a directory: {path}");
                }

                break;
            }

            if (Posix.LastError is not (Libc.ENOENT or Libc.ENOTDIR) || path.Bytes.Length <= 1)
            {
                throw FileException.Of(Posix.LastError, path);
            }

            missing.Push(path);
            path = path.Parent;
        }

        while (missing.TryPop(out path))
        {
            if (Libc.MakeDirectoryAt(Libc.AT_FDCWD, path, Mode) != 0 && Posix.LastError != Libc.EEXIST)
            {
                throw FileException.Of(Posix.LastError, path);
            }
        }
    }
}
