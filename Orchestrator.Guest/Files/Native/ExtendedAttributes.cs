using System.Runtime.InteropServices;
using System.Text;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Native;

/// <summary>A file's metadata: the extended attributes <c>user.e2b.*</c>. A file system without such attributes has none.</summary>
internal static unsafe partial class ExtendedAttributes
{
    public const string Prefix = "user.e2b.";

    private const int ListLimit = 64 * 1024;
    private const int ValueLimit = 64 * 1024;

    /// <param name="path">Absolute; not followed if it is a link.</param>
    /// <returns>Values by name without the prefix; null when there are none.</returns>
    public static Dictionary<string, string>? Read(PosixPath path)
    {
        Dictionary<string, string>? found = null;
        foreach (var name in Names(path))
        {
            if (Value(path, name) is { } value)
            {
                (found ??= new(StringComparer.Ordinal))[name[Prefix.Length..]] = value;
            }
        }

        return found;
    }

    /// <summary>Makes these the file's only metadata.</summary>
    /// <exception cref="FileException">The file system has no room for them.</exception>
    public static void Replace(PosixPath path, IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var name in Names(path))
        {
            fixed (byte* file = path.Terminated, key = new PosixPath(Encoding.UTF8.GetBytes(name)).Terminated)
            {
                _ = lremovexattr(file, key);
            }
        }

        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            fixed (byte* file = path.Terminated, key = new PosixPath(Encoding.UTF8.GetBytes(Prefix + name)).Terminated, first = bytes)
            {
                if (lsetxattr(file, key, first, (nuint)bytes.Length, 0) != 0 && Posix.LastError is not Libc.ENOTSUP)
                {
                    throw Posix.LastError is Libc.ENOSPC or Libc.EDQUOT
                        ? new FileException(FileFailure.InvalidArgument, $"the file system has no room for this metadata: {path}")
                        : FileException.Of(Posix.LastError, path);
                }
            }
        }
    }

    /// <summary>Sets one of an open file; where that can't be, the file goes without.</summary>
    public static void Set(int fd, string name, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* key = new PosixPath(Encoding.UTF8.GetBytes(Prefix + name)).Terminated, first = bytes)
        {
            _ = fsetxattr(fd, key, first, (nuint)bytes.Length, 0);
        }
    }

    private static List<string> Names(PosixPath path)
    {
        nint count;
        fixed (byte* file = path.Terminated)
        {
            // Most files have none, and the answer to that needs no buffer.
            count = llistxattr(file, null, 0);
            if (count <= 0)
            {
                return [];
            }

            var list = new byte[ListLimit];
            fixed (byte* first = list)
            {
                count = llistxattr(file, first, (nuint)list.Length);
            }

            return count <= 0
                ? []
                : [.. Encoding.UTF8.GetString(list, 0, (int)count).Split('\0').Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))];
        }
    }

    private static string? Value(PosixPath path, string name)
    {
        fixed (byte* file = path.Terminated, key = new PosixPath(Encoding.UTF8.GetBytes(name)).Terminated)
        {
            var size = lgetxattr(file, key, null, 0);
            if (size is < 0 or > ValueLimit)
            {
                return null;
            }

            var value = new byte[size];
            fixed (byte* first = value)
            {
                size = lgetxattr(file, key, first, (nuint)value.Length);
            }

            return size < 0 ? null : Encoding.UTF8.GetString(value, 0, (int)size);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lremovexattr(byte* path, byte* name);
}
