using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Native;

/// <summary>A descriptor that is closed with its block.</summary>
internal readonly struct OpenFile(int fd) : IDisposable
{
    public int Fd => fd;

    /// <summary>Opens a regular file to read it; never waits, as opening a pipe would.</summary>
    /// <exception cref="FileException">It can't be opened, or is no regular file.</exception>
    public static (OpenFile File, FileStatus Status) Read(PosixPath path)
    {
        var fd = Libc.OpenAt(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOCTTY);
        if (fd < 0)
        {
            throw FileException.Of(Posix.LastError, path);
        }

        var file = new OpenFile(fd);
        if (FileStatus.Of(fd) is { IsRegular: true } status)
        {
            return (file, status);
        }

        var isDirectory = FileStatus.Of(fd) is { IsDirectory: true };
        file.Dispose();
        throw new FileException(
            Protocol.FileFailure.InvalidArgument, isDirectory ? $"path is a directory: {path}" : $"path is not a regular file: {path}");
    }

    /// <summary>Opens a folder.</summary>
    /// <param name="path">Followed if it is a link.</param>
    /// <exception cref="FileException">It can't be opened, or is no folder.</exception>
    public static OpenFile Folder(PosixPath path)
    {
        var fd = Libc.OpenAt(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        return fd >= 0
            ? new OpenFile(fd)
            : throw (Posix.LastError == Libc.ENOTDIR && FileStatus.At(Libc.AT_FDCWD, path, follow: true) is not null
                ? new FileException(Protocol.FileFailure.InvalidArgument, $"path is not a directory: {path}")
                : FileException.Of(Posix.LastError, path));
    }

    /// <summary>Opens a folder below an open one, unless it is a link; -1 when it can't be.</summary>
    public static int FolderAt(int folder, PosixPath name) =>
        Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);

    public void Dispose() => Posix.close(fd);
}
