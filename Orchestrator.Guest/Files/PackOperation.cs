using System.Formats.Tar;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Sends a folder's content as a tar archive (pax): files, folders, links both hard and symbolic, pipes; modes, times,
/// owners, metadata.</summary>
/// <remarks>Sockets and devices are left out, and the holes of sparse files are zeros. Names that are not UTF-8 are lossy: an archive's
/// names are text, and such bytes become U+FFFD.</remarks>
/// <param name="channel">Gets the archive.</param>
/// <param name="root">The folder; followed if it is a link.</param>
internal sealed class PackOperation(AgentChannel channel, PosixPath root)
{
    /// <summary>As GNU tar and bsdtar write extended attributes.</summary>
    public const string AttributePrefix = "SCHILY.xattr." + ExtendedAttributes.Prefix;

    private const int EndSize = 1024;

    private readonly UserNames _names = new();
    private readonly Dictionary<(ulong Device, ulong Inode), (string Name, uint Left)> _linked = [];
    private bool _incomplete;
    private bool _any;

    /// <returns>Whether something that should be in it could not be read.</returns>
    /// <exception cref="FileException">The folder is missing, or none.</exception>
    public bool Run()
    {
        var folder = OpenFile.Folder(root);
        channel.Start();
        using var output = new FrameOutputStream(channel);
        using (var archive = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true))
        {
            AddAll(archive, folder.Fd);
        }

        if (!_any)
        {
            // The writer ends an archive only if it has begun one.
            output.Write(new byte[EndSize]);
        }

        output.Flush();
        return _incomplete;
    }

    /// <summary>Adds what is in the open folder, and closes it.</summary>
    private void AddAll(TarWriter archive, int folder)
    {
        var levels = new Stack<(int Fd, PosixPath Path, string Name, DirectoryReader Reader)>();
        levels.Push((folder, root, "", new DirectoryReader(folder)));
        try
        {
            while (levels.TryPeek(out var level))
            {
                if (Next(level.Reader) is not { } name)
                {
                    Posix.close(levels.Pop().Fd);
                    continue;
                }

                if (TemporaryName.Is(name.Bytes))
                {
                    continue;
                }

                var (path, text) = (level.Path / name, level.Name + name.Text);
                if (Add(archive, level.Fd, name, path, text))
                {
                    var fd = OpenFile.FolderAt(level.Fd, name);
                    if (fd >= 0)
                    {
                        levels.Push((fd, path, text + "/", new DirectoryReader(fd)));
                    }

                    _incomplete |= fd < 0;
                }
            }
        }
        finally
        {
            foreach (var level in levels)
            {
                Posix.close(level.Fd);
            }
        }
    }

    private PosixPath? Next(DirectoryReader reader)
    {
        try
        {
            return reader.Next()?.Name;
        }
        catch (FileException)
        {
            _incomplete = true;
            return null;
        }
    }

    /// <returns>Whether it is a folder.</returns>
    private bool Add(TarWriter archive, int folder, PosixPath name, PosixPath path, string text)
    {
        if (FileStatus.At(folder, name, follow: false) is not { } status)
        {
            // Gone since its folder was read.
            return false;
        }

        if (status.IsDirectory)
        {
            archive.WriteEntry(Entry(TarEntryType.Directory, path, text + "/", status));
        }
        else if (status.IsLink)
        {
            var entry = Entry(TarEntryType.SymbolicLink, path, text, status);
            entry.LinkName = Libc.ReadLinkAt(folder, name)?.Text is { Length: > 0 } target ? target : ".";
            archive.WriteEntry(entry);
        }
        else if (status.IsPipe)
        {
            archive.WriteEntry(Entry(TarEntryType.Fifo, path, text, status));
        }
        else if (status.IsRegular && !AddLink(archive, path, text, status))
        {
            AddFile(archive, folder, name, path, text, status);
        }

        return status.IsDirectory;
    }

    private void AddFile(TarWriter archive, int folder, PosixPath name, PosixPath path, string text, FileStatus status)
    {
        var fd = Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_NOCTTY);
        if (fd < 0)
        {
            _incomplete |= Posix.LastError != Libc.ENOENT;
            return;
        }

        using var file = new OpenFile(fd);
        if (status.Links > 1)
        {
            _linked[(status.Device, status.Inode)] = (text, status.Links - 1);
        }

        var entry = Entry(TarEntryType.RegularFile, path, text, status);
        entry.DataStream = new ArchivedFile(fd, status.Size);
        archive.WriteEntry(entry);
    }

    /// <summary>Adds a further name of a file that is in the archive already.</summary>
    private bool AddLink(TarWriter archive, PosixPath path, string text, FileStatus status)
    {
        var key = (status.Device, status.Inode);
        if (status.Links <= 1 || !_linked.TryGetValue(key, out var first))
        {
            return false;
        }

        var entry = Entry(TarEntryType.HardLink, path, text, status);
        entry.LinkName = first.Name;
        archive.WriteEntry(entry);

        // Only those are kept of which further names may come.
        _linked[key] = (first.Name, first.Left - 1);
        if (first.Left <= 1)
        {
            _linked.Remove(key);
        }

        return true;
    }

    private PaxTarEntry Entry(TarEntryType type, PosixPath path, string name, FileStatus status)
    {
        _any = true;
        var attributes = new Dictionary<string, string>();
        if (type is TarEntryType.RegularFile or TarEntryType.Directory)
        {
            foreach (var (key, value) in ExtendedAttributes.Read(path) ?? [])
            {
                attributes[AttributePrefix + key] = value;
            }
        }

        return new PaxTarEntry(type, name, attributes)
        {
            Mode = (UnixFileMode)(status.Mode & FileStatus.AllModeBits),
            // An archive's time begins in 1970.
            ModificationTime = status.Modified < DateTime.UnixEpoch ? DateTimeOffset.UnixEpoch : status.Modified,
            Uid = unchecked((int)status.User),
            Gid = unchecked((int)status.Group),
            UserName = _names.User(status.User),
            GroupName = _names.Group(status.Group),
        };
    }
}
