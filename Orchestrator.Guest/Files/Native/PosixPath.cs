using System.Text;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Native;

/// <summary>A path or a name as the kernel has it: bytes, which need not be UTF-8.</summary>
internal readonly struct PosixPath : IEquatable<PosixPath>, IComparable<PosixPath>
{
    private const byte Separator = (byte)'/';

    private readonly byte[] _terminated;

    public PosixPath(ReadOnlySpan<byte> bytes)
    {
        _terminated = new byte[bytes.Length + 1];
        bytes.CopyTo(_terminated);
    }

    public static PosixPath Root { get; } = new("/"u8);

    public static PosixPath Here { get; } = new("."u8);

    public static PosixPath Up { get; } = new(".."u8);

    public ReadOnlySpan<byte> Bytes => _terminated.AsSpan(0, _terminated.Length - 1);

    /// <summary>With the NUL that ends it.</summary>
    public ReadOnlySpan<byte> Terminated => _terminated;

    /// <summary>For display and JSON: what is not UTF-8 becomes U+FFFD, so that it is no way back to the file.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>The last part; of <c>/</c> it is <c>/</c>.</summary>
    public PosixPath Name
    {
        get
        {
            var slash = Bytes.LastIndexOf(Separator);
            return slash < 0 || Bytes.Length == 1 ? this : new PosixPath(Bytes[(slash + 1)..]);
        }
    }

    /// <summary>All but the last part.</summary>
    public PosixPath Parent => Bytes.LastIndexOf(Separator) switch
    {
        < 0 => Here,
        0 => Root,
        var slash => new PosixPath(Bytes[..slash]),
    };

    public static PosixPath operator /(PosixPath folder, PosixPath name)
    {
        var separated = folder.Bytes is [] || folder.Bytes[^1] == Separator;
        var joined = new byte[folder.Bytes.Length + (separated ? 0 : 1) + name.Bytes.Length];
        folder.Bytes.CopyTo(joined);
        if (!separated)
        {
            joined[folder.Bytes.Length] = Separator;
        }

        name.Bytes.CopyTo(joined.AsSpan(joined.Length - name.Bytes.Length));
        return new PosixPath(joined);
    }

    /// <exception cref="FileException">It holds a NUL or half a character.</exception>
    public static PosixPath Of(string text)
    {
        if (text.Contains('\0'))
        {
            throw new FileException(FileFailure.InvalidArgument, "A path must not hold NUL characters.");
        }

        return new PosixPath(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>An absolute path without empty parts, <c>.</c>, <c>..</c> and a slash at the end. As in Go's <c>filepath.Abs</c>, a part
    /// before <c>..</c> is dropped whether or not it is a link.</summary>
    /// <param name="text">Absolute, relative to the home folder, or beginning with <c>~</c>; empty is the home folder.</param>
    /// <param name="home">The code user's home folder.</param>
    public static PosixPath Resolve(string text, string home)
    {
        var absolute = text switch
        {
            "~" or "" => home,
            ['~', '/', .. var rest] => $"{home}/{rest}",
            ['/', ..] => text,
            _ => $"{home}/{text}",
        };
        var parts = new List<string>();
        foreach (var part in absolute.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(parts.Count - 1, 0), Math.Min(parts.Count, 1));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return Of("/" + string.Join('/', parts));
    }

    public bool Equals(PosixPath other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is PosixPath other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public int CompareTo(PosixPath other) => Bytes.SequenceCompareTo(other.Bytes);

    public override string ToString() => Text;
}
