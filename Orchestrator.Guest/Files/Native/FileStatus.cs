using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Native;

/// <summary>What the kernel tells about a file, by <c>statx</c>: the one call whose answer looks alike on every processor.</summary>
internal readonly unsafe partial record struct FileStatus(
    uint Mode, uint Links, uint User, uint Group, ulong Inode, ulong Device, long Size, DateTime Modified, DateTime Changed)
{
    public const uint PermissionBits = 0x1ff;
    public const uint AllModeBits = 0xfff;

    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const int StatxSize = 256;

    private const uint S_IFMT = 0xf000;
    private const uint S_IFIFO = 0x1000;
    private const uint S_IFCHR = 0x2000;
    private const uint S_IFDIR = 0x4000;
    private const uint S_IFBLK = 0x6000;
    private const uint S_IFREG = 0x8000;
    private const uint S_IFLNK = 0xa000;
    private const uint S_IFSOCK = 0xc000;

    private static readonly nint SYS_statx = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 291 : 332;
    private static readonly PosixPath Itself = new([]);

    public bool IsDirectory => (Mode & S_IFMT) == S_IFDIR;

    public bool IsRegular => (Mode & S_IFMT) == S_IFREG;

    public bool IsLink => (Mode & S_IFMT) == S_IFLNK;

    public bool IsPipe => (Mode & S_IFMT) == S_IFIFO;

    public uint Permissions => Mode & PermissionBits;

    public string Type => (Mode & S_IFMT) switch
    {
        S_IFREG => FileTypes.File,
        S_IFDIR => FileTypes.Directory,
        S_IFLNK => FileTypes.Symlink,
        _ => FileTypes.Unspecified,
    };

    /// <summary>As Go writes a file mode: <c>-rw-r--r--</c>, <c>dtrwxrwxrwx</c>.</summary>
    public string ModeText
    {
        get
        {
            var text = (Mode & S_IFMT) switch
            {
                S_IFDIR => "d",
                S_IFLNK => "L",
                S_IFBLK => "D",
                S_IFCHR => "Dc",
                S_IFIFO => "p",
                S_IFSOCK => "S",
                _ => "",
            };
            text += ((Mode & 0x800) != 0 ? "u" : "") + ((Mode & 0x400) != 0 ? "g" : "") + ((Mode & 0x200) != 0 ? "t" : "");
            return (text is "" ? "-" : text) + string.Create(9, Mode, static (letters, mode) =>
            {
                for (var index = 0; index < letters.Length; index++)
                {
                    letters[index] = (mode & (0x100 >> index)) != 0 ? "rwx"[index % 3] : '-';
                }
            });
        }
    }

    /// <summary>Differs whenever the file is another one or was written to.</summary>
    public string Version => FormattableString.Invariant($"{Inode:x}-{Size:x}-{Modified.Ticks:x}-{Changed.Ticks:x}");

    /// <summary>Null when it can't be told: <c>Posix.LastError</c> has the reason.</summary>
    public static FileStatus? At(int folder, PosixPath path, bool follow) =>
        Read(folder, path, follow ? 0 : AT_SYMLINK_NOFOLLOW);

    public static FileStatus? Of(int fd) => Read(fd, Itself, AT_EMPTY_PATH);

    private static FileStatus? Read(int folder, PosixPath path, int flags)
    {
        var block = stackalloc byte[StatxSize];
        fixed (byte* name = path.Terminated)
        {
            if (syscall(SYS_statx, folder, (nint)name, flags, (nint)STATX_BASIC_STATS, (nint)block) != 0)
            {
                return null;
            }
        }

        var fields = new ReadOnlySpan<byte>(block, StatxSize);
        return new FileStatus(
            Mode: BinaryPrimitives.ReadUInt16LittleEndian(fields[28..]),
            Links: BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]),
            User: BinaryPrimitives.ReadUInt32LittleEndian(fields[20..]),
            Group: BinaryPrimitives.ReadUInt32LittleEndian(fields[24..]),
            Inode: BinaryPrimitives.ReadUInt64LittleEndian(fields[32..]),
            Device: BinaryPrimitives.ReadUInt64LittleEndian(fields[136..]),
            Size: BinaryPrimitives.ReadInt64LittleEndian(fields[40..]),
            Modified: TimeAt(fields[112..]),
            Changed: TimeAt(fields[96..]));
    }

    /// <summary>A time outside of .NET's years is the nearest one inside.</summary>
    private static DateTime TimeAt(ReadOnlySpan<byte> fields)
    {
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(fields);
        var nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(fields[8..]);
        var last = (DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        var first = -DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond;
        return DateTime.UnixEpoch.AddTicks((Math.Clamp(seconds, first, last - 1) * TimeSpan.TicksPerSecond) + (nanoseconds / 100));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);
}
