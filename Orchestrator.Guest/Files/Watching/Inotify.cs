using System.Runtime.InteropServices;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Watching;

/// <summary>The kernel's watches on folders.</summary>
internal sealed unsafe partial class Inotify : IDisposable
{
    public const uint Modified = 0x2;
    public const uint Attributes = 0x4;
    public const uint MovedFrom = 0x40;
    public const uint MovedTo = 0x80;
    public const uint Created = 0x100;
    public const uint Deleted = 0x200;
    public const uint DeletedItself = 0x400;
    public const uint MovedItself = 0x800;
    public const uint Unmounted = 0x2000;
    public const uint Overflowed = 0x4000;
    public const uint Ignored = 0x8000;
    public const uint IsFolder = 0x40000000;

    private const uint OnlyFolders = 0x01000000;
    private const uint NoLinks = 0x02000000;
    private const uint NoUnlinked = 0x04000000;
    private const uint Wanted = Modified | Attributes | MovedFrom | MovedTo | Created | Deleted | DeletedItself | MovedItself;

    private const int NonBlockingCloseOnExec = 0x800 | 0x80000;

    /// <exception cref="FileException">The user has as many as the kernel allows.</exception>
    public Inotify()
    {
        Fd = inotify_init1(NonBlockingCloseOnExec);
        if (Fd < 0)
        {
            throw new FileException(
                FileFailure.ResourceExhausted, "no inotify instance left for a watch: the kernel's fs.inotify.max_user_instances is reached");
        }
    }

    /// <summary>Polls readable when something happened.</summary>
    public int Fd { get; }

    /// <summary>Bytes of events that wait to be read.</summary>
    public int Waiting
    {
        get
        {
            int count;
            return ioctl(Fd, Libc.FIONREAD, &count) == 0 ? count : 0;
        }
    }

    /// <summary>Watches a folder; one that is watched already keeps its number, whatever its path is now.</summary>
    /// <returns>The watch's number, or -1 when the folder is gone, none, or not to be read.</returns>
    /// <exception cref="FileException">The user has as many as the kernel allows.</exception>
    public int Add(PosixPath path, bool follow)
    {
        fixed (byte* name = path.Terminated)
        {
            var watch = inotify_add_watch(Fd, name, Wanted | OnlyFolders | NoUnlinked | (follow ? 0 : NoLinks));
            return watch < 0 && Posix.LastError is Libc.ENOSPC or Libc.ENOMEM
                ? throw new FileException(
                    FileFailure.ResourceExhausted, "no watch left for another folder: the kernel's fs.inotify.max_user_watches is reached")
                : watch;
        }
    }

    public void Remove(int watch) => _ = inotify_rm_watch(Fd, watch);

    public void Dispose() => Posix.close(Fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_add_watch(int fd, byte* path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int fd, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, int* value);
}
