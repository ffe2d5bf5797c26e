using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Watching;

/// <summary>The folders under watch, by the kernel's numbers: their paths are relative to the first one, which is <c>.</c></summary>
internal sealed class WatchedFolders(Inotify inotify, PosixPath root)
{
    private readonly Dictionary<int, PosixPath> _paths = [];
    private readonly Dictionary<uint, PosixPath> _moving = [];

    /// <summary>Whether a folder has left its name and its new one was not seen yet.</summary>
    public bool IsMoving => _moving.Count > 0;

    public static PosixPath Join(PosixPath folder, PosixPath name) => folder.Equals(PosixPath.Here) ? name : folder / name;

    public PosixPath? PathOf(int watch) => _paths.TryGetValue(watch, out var path) ? path : null;

    /// <exception cref="FileException">Missing, none, not to be read, or no watches left.</exception>
    public void AddRoot()
    {
        // First opened, for the error's sake.
        using var folder = OpenFile.Folder(root);
        var watch = inotify.Add(root, follow: true);
        _paths[watch >= 0 ? watch : throw FileException.Of(Posix.LastError, root)] = PosixPath.Here;
    }

    /// <summary>Watches a folder and all below, but what is gone, or may not be read.</summary>
    /// <param name="path">Relative to the first one.</param>
    /// <param name="found">Gets, for each entry of a folder that was not watched before, the folder's watch, the entry's name and its path.</param>
    /// <exception cref="FileException">No watches left.</exception>
    public void AddBelow(PosixPath path, Action<int, PosixPath, PosixPath> found)
    {
        var folders = new Stack<PosixPath>([path]);
        while (folders.TryPop(out var folder))
        {
            var isRoot = folder.Equals(PosixPath.Here);
            var full = isRoot ? root : root / folder;
            var watch = inotify.Add(full, follow: isRoot);
            if (watch < 0 || (!_paths.TryAdd(watch, folder) && !isRoot))
            {
                continue;
            }

            var fd = Libc.OpenAt(Libc.AT_FDCWD, full, Libc.O_RDONLY | Libc.O_DIRECTORY);
            if (fd < 0)
            {
                continue;
            }

            using var open = new OpenFile(fd);
            var reader = new DirectoryReader(fd);
            while (reader.Next() is var (name, type))
            {
                if (TemporaryName.Is(name.Bytes))
                {
                    continue;
                }

                var below = Join(folder, name);
                found(watch, name, below);
                if (type is DirectoryReader.Folder or DirectoryReader.Unknown)
                {
                    folders.Push(below);
                }
            }
        }
    }

    /// <summary>The kernel has ended the watch.</summary>
    public void Forget(int watch) => _paths.Remove(watch);

    /// <summary>A folder has left its name: for another in the tree, or for good.</summary>
    public void BeginMove(uint cookie, PosixPath path) => _moving[cookie] = path;

    /// <summary>A folder has come to a name.</summary>
    /// <returns>Whether it was watched already, under another name.</returns>
    public bool EndMove(uint cookie, PosixPath path)
    {
        if (!_moving.Remove(cookie, out var old))
        {
            return false;
        }

        foreach (var (watch, folder) in Below(old))
        {
            _paths[watch] = new PosixPath([.. path.Bytes, .. folder.Bytes[old.Bytes.Length..]]);
        }

        return true;
    }

    /// <summary>Folders that did not come to another name have left the tree.</summary>
    public void EndMoves()
    {
        foreach (var old in _moving.Values)
        {
            foreach (var (watch, _) in Below(old))
            {
                _paths.Remove(watch);
                inotify.Remove(watch);
            }
        }

        _moving.Clear();
    }

    private List<KeyValuePair<int, PosixPath>> Below(PosixPath path) => [.. _paths.Where(entry =>
        entry.Value.Equals(path)
        || (entry.Value.Bytes.StartsWith(path.Bytes) && entry.Value.Bytes.Length > path.Bytes.Length && entry.Value.Bytes[path.Bytes.Length] == '/'))];
}
