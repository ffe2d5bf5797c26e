using System.Formats.Tar;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>A new folder that an archive's entries are made in.</summary>
internal sealed class StagedTree : IDisposable
{
    private const uint NewFolder = 0x1ed; // 0755
    private const uint NewFile = 0x180; // 0600
    private const uint OwnerAll = 0x1c0; // 0700
    private const int ChunkSize = 64 * 1024;

    private readonly Stack<Level> _levels = new();
    private readonly byte[] _chunk = new byte[ChunkSize];

    public StagedTree(int fd)
    {
        _ = fd < 0 ? throw FileException.Of(Posix.LastError, "the folder to unpack in") : 0;
        _levels.Push(new Level(fd, default));
    }

    /// <exception cref="FileException">The entry can't be made, or would lead out of the folder.</exception>
    public void Add(TarEntry entry)
    {
        if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
        {
            return;
        }

        if ((entry as PaxTarEntry)?.ExtendedAttributes.ContainsKey("GNU.sparse.major") == true)
        {
            throw Unsupported(entry, "sparse files, as tar --sparse writes them");
        }

        var parts = PartsOf(entry.Name);
        if (parts.Count == 0)
        {
            // The folder itself keeps its mode, as in a copy by docker cp.
            return;
        }

        Open(parts[..^1], entry);
        Make(entry, _levels.Peek().Fd, parts[^1]);
    }

    public void Dispose()
    {
        while (_levels.Count > 0)
        {
            Leave();
        }
    }

    private void Make(TarEntry entry, int folder, PosixPath name)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.DirectoryList:
                Enter(folder, name, entry);
                return;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                Clear(folder, name, entry);
                Write(entry, folder, name);
                return;
            case TarEntryType.SymbolicLink:
                Clear(folder, name, entry);
                Check(Libc.SymlinkAt(PosixPath.Of(entry.LinkName), folder, name), entry);
                Libc.SetModified(folder, name, entry.ModificationTime.UtcDateTime);
                return;
            case TarEntryType.HardLink:
                Clear(folder, name, entry);
                Link(entry, folder, name);
                return;
            case TarEntryType.Fifo:
                Clear(folder, name, entry);
                Check(Libc.MakePipeAt(folder, name, (uint)entry.Mode & FileStatus.PermissionBits), entry);
                return;
            default:
                throw Unsupported(entry, $"entries of type '{(char)entry.EntryType}'");
        }
    }

    private void Write(TarEntry entry, int folder, PosixPath name)
    {
        using var file = new OpenFile(
            Check(Libc.OpenAt(folder, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW, NewFile), entry));
        var path = PosixPath.Of(entry.Name);
        long length = 0, end = 0;
        while (entry.DataStream?.Read(_chunk) is > 0 and var count)
        {
            // A piece of zeros becomes a hole again.
            length += count;
            if (_chunk.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                if (end < length - count)
                {
                    Libc.Seek(file.Fd, length - count);
                }

                WriteOperation.WriteAll(file.Fd, _chunk.AsSpan(0, count), path);
                end = length;
            }
        }

        if (end < length)
        {
            Check(Libc.ftruncate(file.Fd, length), entry);
        }

        Check(Libc.fchmod(file.Fd, (uint)entry.Mode & FileStatus.AllModeBits), entry);
        foreach (var (key, value) in MetadataOf(entry))
        {
            ExtendedAttributes.Set(file.Fd, key, value);
        }

        Libc.SetModified(file.Fd, null, entry.ModificationTime.UtcDateTime);
    }

    private static IEnumerable<(string Key, string Value)> MetadataOf(TarEntry entry) =>
        (entry as PaxTarEntry)?.ExtendedAttributes
            .Where(attribute => attribute.Key.StartsWith(PackOperation.AttributePrefix, StringComparison.Ordinal))
            .Select(attribute => (attribute.Key[PackOperation.AttributePrefix.Length..], attribute.Value)) ?? [];

    /// <summary>A further name for a file of this archive: found from the new folder's root, through no link.</summary>
    private void Link(TarEntry entry, int folder, PosixPath name)
    {
        var parts = PartsOf(entry.LinkName);
        _ = parts.Count == 0 ? throw Unsupported(entry, "a hard link to a folder") : 0;
        var from = Libc.OpenAt(_levels.Last().Fd, PosixPath.Here, Libc.O_RDONLY | Libc.O_DIRECTORY);
        var error = 0;
        foreach (var part in parts[..^1])
        {
            var next = OpenFile.FolderAt(from, part);
            error = next < 0 ? Posix.LastError : 0;
            Posix.close(from);
            from = next;
            if (next < 0)
            {
                break;
            }
        }

        if (from >= 0)
        {
            error = Libc.LinkAt(from, parts[^1], folder, name) == 0 ? 0 : Posix.LastError;
            Posix.close(from);
        }

        if (error != 0)
        {
            throw error is Libc.ENOENT or Libc.ENOTDIR or Libc.ELOOP
                ? new FileException(FileFailure.InvalidArgument, $"{entry.Name} is a hard link to {entry.LinkName}, which the archive does not have before it")
                : FileException.Of(error, entry.Name);
        }
    }

    /// <summary>Makes the folders that lead to an entry the open ones.</summary>
    private void Open(List<PosixPath> parts, TarEntry entry)
    {
        var open = _levels.Reverse().Skip(1).Select(level => level.Name).ToList();
        var shared = 0;
        while (shared < open.Count && shared < parts.Count && open[shared].Equals(parts[shared]))
        {
            shared++;
        }

        while (_levels.Count > shared + 1)
        {
            Leave();
        }

        foreach (var part in parts[shared..])
        {
            Enter(_levels.Peek().Fd, part, entry, isParent: true);
        }
    }

    private void Enter(int folder, PosixPath name, TarEntry entry, bool isParent = false)
    {
        if (Libc.MakeDirectoryAt(folder, name, NewFolder) != 0 && Posix.LastError != Libc.EEXIST)
        {
            throw FileException.Of(Posix.LastError, entry.Name);
        }

        var fd = OpenFile.FolderAt(folder, name);
        if (fd < 0)
        {
            throw Posix.LastError is Libc.ENOTDIR or Libc.ELOOP
                ? new FileException(FileFailure.InvalidArgument, $"{entry.Name} leads through {name}, which is no folder in this archive")
                : FileException.Of(Posix.LastError, entry.Name);
        }

        _levels.Push(new Level(fd, name)
        {
            // Set when the folder is left: one that is read-only has to be filled first.
            Mode = isParent ? null : (uint)entry.Mode & FileStatus.AllModeBits,
            Modified = isParent ? null : entry.ModificationTime.UtcDateTime,
        });
        foreach (var (key, value) in isParent ? [] : MetadataOf(entry))
        {
            ExtendedAttributes.Set(fd, key, value);
        }
    }

    private void Leave()
    {
        var level = _levels.Pop();
        if (level.Mode is { } mode)
        {
            _ = Libc.fchmod(level.Fd, mode);
        }

        if (level.Modified is { } modified)
        {
            Libc.SetModified(level.Fd, null, modified);
        }

        Posix.close(level.Fd);
    }

    /// <summary>A name that the archive has twice is what it is the last time.</summary>
    private static void Clear(int folder, PosixPath name, TarEntry entry)
    {
        if (Libc.UnlinkAt(folder, name) != 0 && Posix.LastError != Libc.ENOENT)
        {
            throw new FileException(FileFailure.InvalidArgument, $"{entry.Name} is a folder and a file in this archive");
        }
    }

    private static List<PosixPath> PartsOf(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToList();
        return parts.Contains("..")
            ? throw new FileException(FileFailure.InvalidArgument, $"{name} leads out of the folder")
            : parts.ConvertAll(PosixPath.Of);
    }

    private static int Check(int result, TarEntry entry) =>
        result >= 0 ? result : throw FileException.Of(Posix.LastError, entry.Name);

    private static FileException Unsupported(TarEntry entry, string what) =>
        new(FileFailure.InvalidArgument, $"{entry.Name}: {what} are not supported");

    private sealed record Level(int Fd, PosixPath Name)
    {
        public uint? Mode { get; init; }

        public DateTime? Modified { get; init; }
    }
}
