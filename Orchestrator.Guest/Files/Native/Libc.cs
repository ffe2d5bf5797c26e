using System.Runtime.InteropServices;

namespace Orchestrator.Guest.Files.Native;

/// <summary>The C library's calls on files, by descriptors and by names of any bytes: .NET's own take text only.</summary>
/// <remarks>All return -1 on failure, the error number being <c>Posix.LastError</c>.</remarks>
internal static unsafe partial class Libc
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EIO = 5;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ETXTBSY = 26;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int ENAMETOOLONG = 36;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int ENOTSUP = 95;
    public const int EDQUOT = 122;

    public const int AT_FDCWD = -100;
    public const int AT_REMOVEDIR = 0x200;
    public const int W_OK = 2;
    public const int FIONREAD = 0x541B;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;

    // Two that Arm numbers otherwise.
    public static readonly int O_DIRECTORY = IsArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm ? 0x8000 : 0x20000;

    private const int UTIME_OMIT = 0x3ffffffe;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int SEEK_SET = 0;

    private static readonly nint SYS_getdents64 = IsArm ? 61 : 217;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static int OpenAt(int folder, PosixPath path, int flags, uint mode = 0)
    {
        fixed (byte* name = path.Terminated)
        {
            return openat(folder, name, flags | O_CLOEXEC, mode);
        }
    }

    public static int MakeDirectoryAt(int folder, PosixPath path, uint mode)
    {
        fixed (byte* name = path.Terminated)
        {
            return mkdirat(folder, name, mode);
        }
    }

    public static int MakePipeAt(int folder, PosixPath path, uint mode)
    {
        fixed (byte* name = path.Terminated)
        {
            return mkfifoat(folder, name, mode);
        }
    }

    /// <param name="folder">The descriptor that the path is relative to.</param>
    /// <param name="path">What to remove.</param>
    /// <param name="flags">0, or <see cref="AT_REMOVEDIR"/> for a folder.</param>
    public static int UnlinkAt(int folder, PosixPath path, int flags = 0)
    {
        fixed (byte* name = path.Terminated)
        {
            return unlinkat(folder, name, flags);
        }
    }

    public static int RenameAt(int folder, PosixPath path, int targetFolder, PosixPath target)
    {
        fixed (byte* name = path.Terminated, other = target.Terminated)
        {
            return renameat(folder, name, targetFolder, other);
        }
    }

    /// <summary>Makes a second name of a file; of a link itself, not of its target.</summary>
    public static int LinkAt(int folder, PosixPath path, int targetFolder, PosixPath target)
    {
        fixed (byte* name = path.Terminated, other = target.Terminated)
        {
            return linkat(folder, name, targetFolder, other, 0);
        }
    }

    public static int SymlinkAt(PosixPath text, int folder, PosixPath path)
    {
        fixed (byte* target = text.Terminated, name = path.Terminated)
        {
            return symlinkat(target, folder, name);
        }
    }

    /// <summary>What a link says; null when it is none, or gone.</summary>
    public static PosixPath? ReadLinkAt(int folder, PosixPath path)
    {
        const int LongestPath = 4096;
        var target = stackalloc byte[LongestPath];
        fixed (byte* name = path.Terminated)
        {
            var count = readlinkat(folder, name, target, LongestPath);
            return count < 0 ? null : new PosixPath(new ReadOnlySpan<byte>(target, (int)count));
        }
    }

    /// <summary>The path without links and <c>..</c>; null when it leads nowhere.</summary>
    public static PosixPath? RealPath(PosixPath path)
    {
        fixed (byte* name = path.Terminated)
        {
            var real = realpath(name, null);
            if (real is null)
            {
                return null;
            }

            var found = new PosixPath(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(real));
            NativeMemory.Free(real);
            return found;
        }
    }

    public static bool MayWrite(int folder, PosixPath path)
    {
        fixed (byte* name = path.Terminated)
        {
            return faccessat(folder, name, W_OK, 0) == 0;
        }
    }

    public static int ModeAt(int folder, PosixPath path, uint mode)
    {
        fixed (byte* name = path.Terminated)
        {
            return fchmodat(folder, name, mode, 0);
        }
    }

    /// <summary>Sets the time of the last modification; the last access stays.</summary>
    /// <param name="fd">A folder, or with an empty path the file itself.</param>
    /// <param name="path">Not followed if it is a link; null for the descriptor itself.</param>
    /// <param name="time">UTC.</param>
    public static int SetModified(int fd, PosixPath? path, DateTime time)
    {
        var ticks = time.Ticks - DateTime.UnixEpoch.Ticks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        if (rest < 0)
        {
            (seconds, rest) = (seconds - 1, rest + TimeSpan.TicksPerSecond);
        }

        var times = stackalloc long[4] { 0, UTIME_OMIT, seconds, rest * 100 };
        if (path is not { } named)
        {
            return futimens(fd, times);
        }

        fixed (byte* name = named.Terminated)
        {
            return utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW);
        }
    }

    /// <summary>Fills the buffer with the kernel's records of a folder's entries, from where the descriptor is.</summary>
    /// <returns>Bytes; 0 at the end.</returns>
    public static int ReadDirectory(int fd, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            return (int)syscall(SYS_getdents64, fd, (nint)first, buffer.Length);
        }
    }

    public static void Seek(int fd, long offset) => lseek(fd, offset, SEEK_SET);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int folder, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkfifoat(int folder, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int folder, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(int folder, byte* path, int targetFolder, byte* target);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int folder, byte* path, int targetFolder, byte* target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* text, int folder, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int folder, byte* path, byte* target, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* realpath(byte* path, byte* resolved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int faccessat(int folder, byte* path, int mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int folder, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int folder, byte* path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(int fd, long* times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int fd, long offset, int origin);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c);
}
