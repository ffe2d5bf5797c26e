using System.Runtime.InteropServices;

namespace Orchestrator.Guest.Supervision;

/// <summary>The C library calls that .NET does not expose. Constants are Linux' (x64 and arm64).</summary>
internal static unsafe partial class Posix
{
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int ENOENT = 2;
    public const int ENOTDIR = 20;

    public const int SIGKILL = 9;
    public const int SIGPIPE = 13;
    public const int SIGSTOP = 19;

    public const short POLLIN = 0x1;
    public const short POLLOUT = 0x4;
    public const short POLLERR = 0x8;
    public const short POLLHUP = 0x10;
    public const short POLLNVAL = 0x20;
    public const short POLLRDHUP = 0x2000;

    public const int O_RDWR = 2;
    public const int O_NOCTTY = 0x100;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    public const int AF_UNIX = 1;

    public const short SPAWN_SETSIGDEF = 0x04;
    public const short SPAWN_SETSIGMASK = 0x08;
    public const short SPAWN_SETSID = 0x80;

    private const int PR_SET_DUMPABLE = 4;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int P_ALL = 0;
    private const int P_PID = 1;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_UID = 8;
    private const int FIONREAD = 0x541b;
    private const int TIOCSWINSZ = 0x5414;
    private const int SYS_pidfd_open = 434;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    public static int LastError => Marshal.GetLastPInvokeError();

    public static bool BecomeSubreaper() => prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;

    /// <summary>Keeps this process's memory, descriptors and environment from others of its user.</summary>
    public static bool BecomeUndumpable() => prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;

    /// <summary>A descriptor that polls readable when the process ends, or -1 where the kernel has none.</summary>
    public static int OpenPidFd(int pid) => (int)syscall(SYS_pidfd_open, pid, 0);

    /// <summary>Whether the child has ended; it stays a zombie, its id taken, until <see cref="Reap"/>.</summary>
    public static bool HasExited(int pid) => PeekExited(P_PID, pid) == pid;

    /// <summary>Some child that has ended and was not reaped, or 0.</summary>
    public static int AnyExited() => PeekExited(P_ALL, 0);

    /// <summary>Waits until some child has ended, and leaves it as it is; 0 when there is no child.</summary>
    public static int WaitForAnyExit() => PeekExited(P_ALL, 0, wait: true);

    /// <summary>Reaps an ended child; null when it has not ended or is no child of ours.</summary>
    public static EndedProcess? Reap(int pid)
    {
        int status;
        // struct rusage: two times of seconds and microseconds, the largest resident memory in KiB, and more.
        var usage = stackalloc long[32];
        return wait4(pid, &status, WNOHANG, usage) == pid
            ? new EndedProcess(status, usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6), usage[4] * 1024)
            : null;
    }

    /// <summary>Whether this process's user owns the file; of a link, the link.</summary>
    public static bool IsOwn(string path)
    {
        // struct statx: the owner is the sixth of its 32-bit numbers.
        var status = stackalloc uint[64];
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_UID, status) == 0 && status[5] == geteuid();
    }

    /// <summary>The bytes that can be read now; 0 when that cannot be told.</summary>
    public static int Available(int fd)
    {
        int count = 0;
        return fd >= 0 && ioctl(fd, FIONREAD, &count) == 0 ? count : 0;
    }

    /// <summary>Gives a terminal another size; its foreground group is told by SIGWINCH.</summary>
    public static void Resize(int fd, int cols, int rows)
    {
        // struct winsize: rows, columns, and two sizes in pixels.
        var size = stackalloc ushort[] { (ushort)rows, (ushort)cols, 0, 0 };
        ioctl(fd, TIOCSWINSZ, size);
    }

    /// <summary>Makes a terminal.</summary>
    /// <returns>Our end, and the path of the other.</returns>
    /// <exception cref="InvalidOperationException">There is none to be had.</exception>
    public static (int Fd, string Path) OpenTerminal()
    {
        const int PathSize = 64;
        var path = stackalloc byte[PathSize];
        var fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, path, PathSize) != 0)
        {
            var error = LastError;
            if (fd >= 0)
            {
                close(fd);
            }

            throw new InvalidOperationException($"A terminal cannot be made: error {error}.");
        }

        return (fd, Marshal.PtrToStringUTF8((nint)path)!);
    }

    public static void MakeNonBlocking(int fd) => fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);

    public static int Poll(Span<PollFd> fds, int timeoutMs)
    {
        fixed (PollFd* first = fds)
        {
            return poll(first, (nuint)fds.Length, timeoutMs);
        }
    }

    public static int Read(int fd, Span<byte> target)
    {
        fixed (byte* first = target)
        {
            return (int)read(fd, first, (nuint)target.Length);
        }
    }

    public static int Write(int fd, ReadOnlySpan<byte> source)
    {
        fixed (byte* first = source)
        {
            return (int)write(fd, first, (nuint)source.Length);
        }
    }

    /// <exception cref="InvalidOperationException">No descriptors left.</exception>
    public static (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC) == 0
            ? (ends[0], ends[1])
            : throw new InvalidOperationException($"pipe2 failed with error {LastError}.");
    }

    /// <exception cref="InvalidOperationException">No descriptors left.</exception>
    public static (int Left, int Right) SocketPair()
    {
        var ends = stackalloc int[2];
        return socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ends) == 0
            ? (ends[0], ends[1])
            : throw new InvalidOperationException($"socketpair failed with error {LastError}.");
    }

    private static int PeekExited(int kind, int pid, bool wait = false)
    {
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        // si_pid follows si_signo, si_errno, si_code and the padding of 64-bit machines.
        return waitid(kind, pid, info, WEXITED | WNOWAIT | (wait ? 0 : WNOHANG)) == 0 ? *(int*)(info + 16) : 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc")]
    public static partial int getpid();

    [LibraryImport("libc")]
    public static partial int getppid();

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial void _exit(int status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int access(string path, int mode);

    [LibraryImport("libc")]
    public static partial nint signal(int signal, nint handler);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int execve(byte* path, byte** argv, byte** envp);

    [LibraryImport("libc")]
    public static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int target);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addopen(void* actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static partial int sigfillset(void* signals);

    [LibraryImport("libc")]
    public static partial int sigemptyset(void* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, int id, void* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int wait4(int pid, int* status, int options, void* usage);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int statx(int folder, string path, int flags, uint mask, void* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int grantpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ptsname_r(int fd, byte* path, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);
}
