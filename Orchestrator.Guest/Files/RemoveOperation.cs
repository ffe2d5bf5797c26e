using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Removes a file, or a folder with all that is in it, whatever its names and however deep.</summary>
/// <remarks>Holds one descriptor, and goes up by <c>..</c>: a tree may be deeper than a path is long and than there are
/// descriptors. Goes on past what can't be removed, as <c>rm -r</c> does.</remarks>
internal sealed class RemoveOperation
{
    private const uint OwnerAll = 0x1c0; // 0700

    private readonly Stack<Level> _levels = new();
    private FileException? _failure;
    private int _folder;

    /// <summary>Missing is fine.</summary>
    /// <exception cref="FileException">Something is left; the first reason.</exception>
    public static void Run(PosixPath path) => RunAt(Libc.AT_FDCWD, path);

    /// <inheritdoc cref="Run"/>
    /// <param name="folder">The open folder that the path is relative to.</param>
    /// <param name="path">What to remove; not followed if it is a link.</param>
    public static void RunAt(int folder, PosixPath path)
    {
        if (Libc.UnlinkAt(folder, path) == 0 || Posix.LastError is Libc.ENOENT or Libc.ENOTDIR)
        {
            return;
        }

        // The error of unlinking a folder is EISDIR or EPERM, as the file system likes.
        var error = Posix.LastError;
        if (FileStatus.At(folder, path, follow: false) is not { IsDirectory: true })
        {
            throw FileException.Of(error, path);
        }

        if (Libc.UnlinkAt(folder, path, Libc.AT_REMOVEDIR) != 0 && Posix.LastError != Libc.ENOENT)
        {
            error = Posix.LastError;
            var fd = error == Libc.ENOTEMPTY ? OpenFile.FolderAt(folder, path) : -1;
            if (fd < 0)
            {
                throw FileException.Of(error == Libc.ENOTEMPTY ? Posix.LastError : error, path);
            }

            new RemoveOperation { _folder = fd }.Empty(path);
            if (Libc.UnlinkAt(folder, path, Libc.AT_REMOVEDIR) != 0 && Posix.LastError != Libc.ENOENT)
            {
                throw FileException.Of(Posix.LastError, path);
            }
        }
    }

    /// <summary>Removes all that is in a folder, and leaves it.</summary>
    /// <exception cref="FileException">Something is left; the first reason.</exception>
    public static void EmptyFolder(PosixPath path)
    {
        var fd = Libc.OpenAt(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        if (fd < 0)
        {
            throw FileException.Of(Posix.LastError, path);
        }

        new RemoveOperation { _folder = fd }.Empty(path);
    }

    /// <summary>Empties the open folder and closes it.</summary>
    private void Empty(PosixPath path)
    {
        try
        {
            _levels.Push(new Level(path, FileStatus.Of(_folder) ?? throw FileException.Of(Posix.LastError, path)));
            while (true)
            {
                if (NextFolder() is { } name)
                {
                    Descend(name);
                }
                else if (_levels.Count == 1)
                {
                    break;
                }
                else
                {
                    Ascend();
                }
            }
        }
        finally
        {
            Posix.close(_folder);
        }

        if (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>Removes what is no folder, and empty folders, until it finds a folder that has something in it.</summary>
    private PosixPath? NextFolder()
    {
        var level = _levels.Peek();
        var reader = new DirectoryReader(_folder);
        bool removed;
        do
        {
            // Again, until there is nothing new: removing may move entries past the one who reads.
            removed = false;
            reader.Restart();
            while (reader.Next() is var (name, type))
            {
                if (level.Left?.Contains(name) == true)
                {
                    continue;
                }

                var error = Unlink(name, type == DirectoryReader.Folder);
                if (error is Libc.ENOTEMPTY or Libc.EEXIST)
                {
                    return name;
                }

                removed |= error is 0 or Libc.ENOENT;
                if (error is not (0 or Libc.ENOENT))
                {
                    Leave(level, name, error);
                }
            }
        }
        while (removed);
        return null;
    }

    private int Unlink(PosixPath name, bool isFolder)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (Libc.UnlinkAt(_folder, name, isFolder ? Libc.AT_REMOVEDIR : 0) == 0)
            {
                return 0;
            }

            var error = Posix.LastError;
            if (attempt > 0 || !(error is Libc.EISDIR or Libc.ENOTDIR or Libc.EPERM or Libc.EACCES))
            {
                return error;
            }

            // The type was not told or is another one now, or the folder is the user's own but read-only.
            isFolder = FileStatus.At(_folder, name, follow: false) is { IsDirectory: true };
            Unlock(_folder);
        }
    }

    private void Descend(PosixPath name)
    {
        var fd = OpenFile.FolderAt(_folder, name);
        if (fd < 0 && Posix.LastError == Libc.EACCES)
        {
            // No bit to read it with: only its name can give it one.
            Libc.ModeAt(_folder, name, OwnerAll);
            fd = OpenFile.FolderAt(_folder, name);
        }

        if (fd < 0 || FileStatus.Of(fd) is not { } status)
        {
            Leave(_levels.Peek(), name, Posix.LastError);
            return;
        }

        Posix.close(_folder);
        _folder = fd;
        _levels.Push(new Level(name, status));
    }

    private void Ascend()
    {
        var done = _levels.Pop();
        var parent = _levels.Peek();
        var fd = Libc.OpenAt(_folder, PosixPath.Up, Libc.O_RDONLY | Libc.O_DIRECTORY);
        if (fd < 0 || FileStatus.Of(fd) is not { } status || !parent.Is(status))
        {
            if (fd >= 0)
            {
                Posix.close(fd);
            }

            throw new FileException(Protocol.FileFailure.FailedPrecondition, $"a folder was moved while it was removed: {done.Name}");
        }

        Posix.close(_folder);
        _folder = fd;
        var error = Unlink(done.Name, isFolder: true);
        if (error is not (0 or Libc.ENOENT))
        {
            Leave(parent, done.Name, error);
        }
    }

    private void Leave(Level level, PosixPath name, int error)
    {
        // What is left below is the reason why its folder is.
        _failure ??= FileException.Of(error, name);
        (level.Left ??= []).Add(name);
    }

    private static void Unlock(int folder)
    {
        if (FileStatus.Of(folder) is { } status && (status.Mode & OwnerAll) != OwnerAll)
        {
            _ = Libc.fchmod(folder, (status.Mode & FileStatus.AllModeBits) | OwnerAll);
        }
    }

    private sealed class Level(PosixPath name, FileStatus status)
    {
        public PosixPath Name => name;

        /// <summary>What can't be removed; null when nothing.</summary>
        public HashSet<PosixPath>? Left { get; set; }

        public bool Is(FileStatus other) => other.Inode == status.Inode && other.Device == status.Device;
    }
}
