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

    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    public const int AF_UNIX = 1;

    public const short SPAWN_SETSIGDEF = 0x04;
    public const short SPAWN_SETSIGMASK = 0x08;
    public const short SPAWN_SETSID = 0x80;

    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int P_ALL = 0;
    private const int P_PID = 1;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;
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

    /// <summary>A descriptor that polls readable when the process ends, or -1 where the kernel has none.</summary>
    public static int OpenPidFd(int pid) => (int)syscall(SYS_pidfd_open, pid, 0);

    /// <summary>Whether the child has ended; it stays a zombie, its id taken, until <see cref="Reap"/>.</summary>
    public static bool HasExited(int pid) => PeekExited(P_PID, pid) == pid;

    /// <summary>Some child that has ended and was not reaped, or 0.</summary>
    public static int AnyExited() => PeekExited(P_ALL, 0);

    /// <summary>Reaps an ended child's wait status; null when it has not ended or is no child of ours.</summary>
    public static int? Reap(int pid)
    {
        int status;
        return waitpid(pid, &status, WNOHANG) == pid ? status : null;
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

    private static int PeekExited(int kind, int pid)
    {
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        // si_pid follows si_signo, si_errno, si_code and the padding of 64-bit machines.
        return waitid(kind, pid, info, WEXITED | WNOWAIT | WNOHANG) == 0 ? *(int*)(info + 16) : 0;
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
    private static partial int waitpid(int pid, int* status, int options);

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
