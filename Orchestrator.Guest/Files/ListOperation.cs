using System.Buffers;
using System.Text.Json;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Lists a folder: parents before their children, names in order of their bytes. Links are not followed, but for the
/// folder that is asked for.</summary>
/// <param name="channel">Gets the entries.</param>
/// <param name="root">The folder.</param>
/// <param name="depth">Levels; 0 means 1.</param>
internal sealed class ListOperation(AgentChannel channel, PosixPath root, uint depth)
{
    private readonly EntryReader _entries = new();
    private readonly ArrayBufferWriter<byte> _batch = new(Frame.MaxPayload);
    private bool _any;
    private bool _incomplete;

    /// <returns>Whether a folder below could not be read.</returns>
    /// <exception cref="FileException">The folder is missing, or none.</exception>
    public bool Run()
    {
        using var folder = OpenFile.Folder(root);
        var levels = new Stack<Level>();
        try
        {
            levels.Push(new Level(Libc.OpenAt(folder.Fd, PosixPath.Here, Libc.O_RDONLY | Libc.O_DIRECTORY), root));
            channel.Start();
            while (levels.TryPeek(out var level))
            {
                if (level.Next() is not { } name)
                {
                    levels.Pop().Dispose();
                    continue;
                }

                var path = level.Path / name;
                if (!TemporaryName.Is(name.Bytes) && _entries.Find(level.Fd, name, path) is { } entry)
                {
                    Add(entry);
                    if (entry.Type == FileTypes.Directory && entry.SymlinkTarget is null && levels.Count < depth)
                    {
                        Descend(levels, level.Fd, name, path);
                    }
                }
            }
        }
        finally
        {
            foreach (var level in levels)
            {
                level.Dispose();
            }
        }

        Send();
        return _incomplete;
    }

    private void Descend(Stack<Level> levels, int folder, PosixPath name, PosixPath path)
    {
        var fd = OpenFile.FolderAt(folder, name);
        if (fd < 0)
        {
            _incomplete = true;
            return;
        }

        levels.Push(new Level(fd, path));
    }

    private void Add(FileEntry entry)
    {
        if (_any)
        {
            _batch.Write(","u8);
        }

        _any = true;
        using (var json = new Utf8JsonWriter(_batch))
        {
            JsonSerializer.Serialize(json, entry, ProtocolJson.Default.FileEntry);
        }

        if (_batch.WrittenCount >= Frame.MaxPayload / 2)
        {
            Send();
        }
    }

    private void Send()
    {
        if (_batch.WrittenCount > 0)
        {
            channel.Queue(FrameType.Output, _batch.WrittenSpan);
            _batch.ResetWrittenCount();
        }

        channel.FlushAll();
    }

    /// <summary>An open folder and those of its names that are still to be told.</summary>
    private sealed class Level(int fd, PosixPath path) : IDisposable
    {
        private readonly List<PosixPath> _names = DirectoryReader.SortedNames(fd);
        private int _next;

        public int Fd => fd;

        public PosixPath Path => path;

        public PosixPath? Next() => _next < _names.Count ? _names[_next++] : null;

        public void Dispose() => Posix.close(fd);
    }
}
