using System.Buffers.Binary;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Native;

/// <summary>Reads the names in an open folder, a buffer at a time: as good for ten names as for ten million.</summary>
/// <param name="fd">The folder; read from where it is, not closed.</param>
internal sealed class DirectoryReader(int fd)
{
    /// <summary>The kernel's type of an entry that is a folder.</summary>
    public const byte Folder = 4;

    /// <summary>The type of an entry whose file system does not tell it.</summary>
    public const byte Unknown = 0;

    // struct linux_dirent64: inode, offset, length of the record, type, name.
    private const int LengthAt = 16;
    private const int TypeAt = 18;
    private const int NameAt = 19;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>All names, by their bytes in order.</summary>
    /// <exception cref="FileException">The folder can't be read.</exception>
    public static List<PosixPath> SortedNames(int fd)
    {
        var names = new List<PosixPath>();
        var reader = new DirectoryReader(fd);
        while (reader.Next() is var (name, _))
        {
            names.Add(name);
        }

        names.Sort();
        return names;
    }

    /// <summary>The next entry but <c>.</c> and <c>..</c>; null at the end.</summary>
    /// <exception cref="FileException">The folder can't be read.</exception>
    public (PosixPath Name, byte Type)? Next()
    {
        while (true)
        {
            if (_start >= _end)
            {
                _end = Libc.ReadDirectory(fd, _buffer);
                _start = 0;
                if (_end < 0)
                {
                    throw FileException.Of(Posix.LastError, "the folder");
                }

                if (_end == 0)
                {
                    return null;
                }
            }

            var record = _buffer.AsSpan(_start, BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_start + LengthAt)));
            _start += record.Length;
            var name = record[NameAt..];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                return (new PosixPath(name), record[TypeAt]);
            }
        }
    }

    /// <summary>Goes back to the first entry, to see what has changed since.</summary>
    public void Restart()
    {
        Libc.Seek(fd, 0);
        _start = _end = 0;
    }
}
