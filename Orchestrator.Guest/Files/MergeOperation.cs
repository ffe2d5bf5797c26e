using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Renames what is in one folder into another of the same file system. Folders that both have are merged, their mode being
/// the new one; files are replaced; a link is replaced too, never followed.</summary>
/// <param name="target">The open folder.</param>
/// <param name="path">Its path, to tell.</param>
internal sealed class MergeOperation(int target, PosixPath path)
{
    private const uint OwnerAll = 0x1c0; // 0700

    /// <param name="source">The name of a folder in the target, emptied.</param>
    /// <exception cref="FileException">A folder is in the way of a file, or the file system refuses.</exception>
    public void Run(PosixPath source)
    {
        var levels = new Stack<Level>();
        try
        {
            Enter(levels, target, source, target, PosixPath.Here);
            while (levels.TryPeek(out var level))
            {
                if (level.Reader.Next() is not var (name, _))
                {
                    Leave(levels, level);
                    continue;
                }

                level.HasMoved = true;
                var (from, to) = (FileStatus.At(level.Source, name, follow: false), FileStatus.At(level.Target, name, follow: false));
                if (from is { IsDirectory: true } && to is { IsDirectory: true })
                {
                    Enter(levels, level.Source, name, level.Target, name);
                }
                else
                {
                    Move(level, name, from, to);
                }
            }
        }
        finally
        {
            foreach (var level in levels)
            {
                level.Close();
            }
        }
    }

    private void Enter(Stack<Level> levels, int source, PosixPath name, int folder, PosixPath there)
    {
        var from = OpenFile.FolderAt(source, name);
        if (from < 0 && Posix.LastError == Libc.EACCES)
        {
            Libc.ModeAt(source, name, OwnerAll);
            from = OpenFile.FolderAt(source, name);
        }

        var status = from < 0 ? null : FileStatus.Of(from);
        var to = status is null ? -1 : OpenFile.FolderAt(folder, there);
        if (to < 0)
        {
            var error = Posix.LastError;
            _ = from >= 0 ? Posix.close(from) : 0;
            throw FileException.Of(error, path / there);
        }

        // Both may be read-only: one has to give up what is in it, the other to take it.
        Unlock(from, status!.Value);
        var isBelow = levels.Count > 0;
        var before = isBelow ? FileStatus.Of(to) : null;
        if (before is { } kept)
        {
            Unlock(to, kept);
        }

        levels.Push(new Level(from, to, name, isBelow ? status : null, before));
    }

    private static void Unlock(int fd, FileStatus status)
    {
        if ((status.Mode & OwnerAll) != OwnerAll)
        {
            _ = Libc.fchmod(fd, (status.Mode & FileStatus.AllModeBits) | OwnerAll);
        }
    }

    /// <summary>Goes up when nothing is left: renaming may move entries past the one who reads.</summary>
    private static void Leave(Stack<Level> levels, Level level)
    {
        if (level.HasMoved)
        {
            level.HasMoved = false;
            level.Reader.Restart();
            return;
        }

        levels.Pop();
        level.Finish();
        if (levels.TryPeek(out var parent))
        {
            Libc.UnlinkAt(parent.Source, level.Name, Libc.AT_REMOVEDIR);
        }
    }

    private void Move(Level level, PosixPath name, FileStatus? from, FileStatus? to)
    {
        if (to is { IsDirectory: true })
        {
            throw new FileException(FileFailure.InvalidArgument, $"a folder is in the way of the archive's file {name} in {path}");
        }

        var mode = from is { IsDirectory: true } folder ? folder.Mode & FileStatus.AllModeBits : OwnerAll;
        if ((mode & OwnerAll) != OwnerAll)
        {
            // To another parent only a folder that may be written to can be moved.
            Libc.ModeAt(level.Source, name, mode | OwnerAll);
        }

        if (from is { IsDirectory: true } && to is not null)
        {
            Libc.UnlinkAt(level.Target, name);
        }

        if (Libc.RenameAt(level.Source, name, level.Target, name) != 0)
        {
            throw FileException.Of(Posix.LastError, path / name);
        }

        if ((mode & OwnerAll) != OwnerAll)
        {
            Libc.ModeAt(level.Target, name, mode);
        }
    }

    /// <summary>Two folders that are merged.</summary>
    /// <param name="source">Open, to be emptied.</param>
    /// <param name="target">Open, to be filled.</param>
    /// <param name="name">The source's.</param>
    /// <param name="status">The source's, which the target gets; null where the target keeps its own.</param>
    /// <param name="before">The target's, before it was made writable.</param>
    private sealed class Level(int source, int target, PosixPath name, FileStatus? status, FileStatus? before)
    {
        public PosixPath Name => name;

        /// <summary>Whether something was renamed since the reader began.</summary>
        public bool HasMoved { get; set; }

        public int Source => source;

        public int Target => target;

        public DirectoryReader Reader { get; } = new(source);

        /// <summary>A folder of another owner keeps its mode and time.</summary>
        public void Finish() => Close(status);

        /// <summary>Leaves the target as it was, when the merge has failed.</summary>
        public void Close() => Close(before);

        private void Close(FileStatus? wanted)
        {
            if (wanted is { } folder)
            {
                _ = Libc.fchmod(target, folder.Mode & FileStatus.AllModeBits);
                Libc.SetModified(target, null, folder.Modified);
            }

            Posix.close(source);
            Posix.close(target);
        }
    }
}
