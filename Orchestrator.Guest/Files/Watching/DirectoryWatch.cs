using System.Buffers.Binary;
using System.Text.Json;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Watching;

/// <summary>Tells what happens in a folder, until the server leaves or the folder is gone.</summary>
/// <remarks>
/// A new folder may be filled before its watch stands: what is found in it then is told as made. Events that come for the same names afterwards
/// are those of the files already told, as long as they were waiting when the folder was read.
/// </remarks>
internal sealed class DirectoryWatch : IDisposable
{
    // struct inotify_event: watch, mask, cookie, length of the name, name.
    private const int HeaderSize = 16;
    private const int BufferSize = 64 * 1024;
    private const int MoveWaitMs = 10;

    private readonly AgentChannel _channel;
    private readonly WatchRequest _request;
    private readonly PosixPath _root;
    private readonly WatchedFolders _folders;
    private readonly Inotify _inotify = new();
    private readonly EntryReader _entries = new();
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly HashSet<(int Watch, PosixPath Name)> _told = [];
    private long _read;
    private long _settled;
    private bool _ended;

    /// <exception cref="FileException">No watches left.</exception>
    public DirectoryWatch(AgentChannel channel, PosixPath root, WatchRequest request)
    {
        (_channel, _root, _request) = (channel, root, request);
        _folders = new WatchedFolders(_inotify, root);
    }

    /// <exception cref="FileException">The folder is missing or none, no watches are left, or events were lost.</exception>
    /// <exception cref="EndOfStreamException">The server has left.</exception>
    public void Run()
    {
        _folders.AddRoot();
        if (_request.Recursive)
        {
            _folders.AddBelow(PosixPath.Here, (_, _, _) => { });
        }

        _channel.Start();
        _channel.FlushAll();
        while (!_ended)
        {
            Span<Posix.PollFd> fds = [new() { Fd = _inotify.Fd, Events = Posix.POLLIN }, _channel.ReadInterest()];
            if (Posix.Poll(fds, _folders.IsMoving ? MoveWaitMs : Timeout.Infinite) == 0)
            {
                _folders.EndMoves();
                continue;
            }

            _channel.Receive(fds[1].Returned);
            if (_channel.IsGone)
            {
                throw new EndOfStreamException();
            }

            if (fds[0].Returned != 0)
            {
                TakeEvents();
                _channel.FlushAll();
            }
        }
    }

    public void Dispose() => _inotify.Dispose();

    private void TakeEvents()
    {
        var count = Posix.Read(_inotify.Fd, _buffer);
        (int Watch, PosixPath Name)? written = null;
        for (var start = 0; start < count && !_ended;)
        {
            var record = _buffer.AsSpan(start);
            var watch = BinaryPrimitives.ReadInt32LittleEndian(record);
            var mask = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
            var cookie = BinaryPrimitives.ReadUInt32LittleEndian(record[8..]);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
            var name = new PosixPath(record.Slice(HeaderSize, length).TrimEnd((byte)0));
            start += HeaderSize + length;

            // A file that is written to piece by piece is told once in a batch.
            var isSame = (mask & Inotify.Modified) != 0 && written is { } last && last.Watch == watch && last.Name.Equals(name);
            written = (mask & Inotify.Modified) != 0 ? (watch, name) : null;
            if (!isSame)
            {
                Take(watch, mask, cookie, name);
            }
        }

        _read += Math.Max(count, 0);
        if (_read >= _settled)
        {
            _told.Clear();
        }
    }

    private void Take(int watch, uint mask, uint cookie, PosixPath name)
    {
        if ((mask & Inotify.Overflowed) != 0)
        {
            throw new FileException(FileFailure.ResourceExhausted, "events were lost: more came than were read");
        }

        if (_folders.PathOf(watch) is not { } folder)
        {
            return;
        }

        if ((mask & Inotify.Ignored) != 0)
        {
            _folders.Forget(watch);
        }
        else if (name.Bytes.IsEmpty)
        {
            TakeOwn(mask, isRoot: folder.Equals(PosixPath.Here));
        }
        else if (!TemporaryName.Is(name.Bytes))
        {
            TakeNamed(watch, mask, cookie, WatchedFolders.Join(folder, name), name);
        }
    }

    /// <summary>What happens to a folder below is its parent's event as well.</summary>
    private void TakeOwn(uint mask, bool isRoot)
    {
        if (!isRoot)
        {
            return;
        }

        // A folder that somebody still has open is deleted later than it is gone.
        var isGone = (mask & (Inotify.DeletedItself | Inotify.Unmounted)) != 0
            || ((mask & Inotify.Attributes) != 0 && FileStatus.At(Libc.AT_FDCWD, _root, follow: true) is null);
        _ended = isGone || (mask & Inotify.MovedItself) != 0;
        Tell(PosixPath.Here, isGone ? FileEventTypes.Remove : _ended ? FileEventTypes.Rename : FileEventTypes.Chmod);
    }

    private void TakeNamed(int watch, uint mask, uint cookie, PosixPath path, PosixPath name)
    {
        var isFolder = (mask & Inotify.IsFolder) != 0 && _request.Recursive;
        if ((mask & (Inotify.Created | Inotify.MovedTo)) != 0)
        {
            if ((mask & Inotify.Created) == 0 || !_told.Remove((watch, name)))
            {
                Tell(path, FileEventTypes.Create);
            }

            if (isFolder && !_folders.EndMove(cookie, path))
            {
                _folders.AddBelow(path, TellFound);
                _settled = _read + BufferSize + _inotify.Waiting;
            }
        }
        else if ((mask & Inotify.MovedFrom) != 0)
        {
            _told.Remove((watch, name));
            Tell(path, FileEventTypes.Rename);
            if (isFolder)
            {
                _folders.BeginMove(cookie, path);
            }
        }
        else if ((mask & Inotify.Deleted) != 0)
        {
            _told.Remove((watch, name));
            Tell(path, FileEventTypes.Remove);
        }
        else
        {
            Tell(path, (mask & Inotify.Modified) != 0 ? FileEventTypes.Write : FileEventTypes.Chmod);
        }
    }

    private void TellFound(int watch, PosixPath name, PosixPath path)
    {
        _told.Add((watch, name));
        Tell(path, FileEventTypes.Create);
        if (FileStatus.At(Libc.AT_FDCWD, _root / path, follow: false) is { IsRegular: true, Size: > 0 })
        {
            Tell(path, FileEventTypes.Write);
        }
    }

    private void Tell(PosixPath path, string type)
    {
        var full = path.Equals(PosixPath.Here) ? _root : _root / path;
        var entry = _request.IncludeEntry && type is not (FileEventTypes.Remove or FileEventTypes.Rename)
            ? _entries.Find(Libc.AT_FDCWD, full, full)
            : null;
        _channel.Queue(
            FrameType.Output, JsonSerializer.SerializeToUtf8Bytes(new FileEvent(path.Text, type, entry), ProtocolJson.Default.FileEvent));
        if (_channel.Waiting > BufferSize)
        {
            _channel.FlushAll();
        }
    }
}
