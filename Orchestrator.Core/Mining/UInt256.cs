using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Orchestrator.Core.Mining;

/// <summary>
/// A 256-bit whole number: a hash, or the target that it has to stay at or below. Written as 64 hexadecimal digits, the
/// most significant first, which is how block hashes are displayed.
/// </summary>
internal readonly struct UInt256 : IEquatable<UInt256>, IComparable<UInt256>
{
    /// <summary>How many hexadecimal digits it has.</summary>
    public const int HexDigits = 64;

    private const int Size = 32;

    private readonly UInt128 _upper;
    private readonly UInt128 _lower;

    public UInt256(UInt128 upper, UInt128 lower) => (_upper, _lower) = (upper, lower);

    public static UInt256 Zero => default;

    public static UInt256 MaxValue => new(UInt128.MaxValue, UInt128.MaxValue);

    /// <summary>The 32 most significant bits.</summary>
    public uint Top => (uint)(_upper >> 96);

    /// <summary>Reads 64 hexadecimal digits of either case; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var read = text.Length == HexDigits && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        value = read
            ? new UInt256(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]))
            : default;
        return read;
    }

    /// <summary>Reads 32 bytes, the least significant first: a digest as SHA-256 gives it, seen as a block's hash.</summary>
    public static UInt256 FromLittleEndian(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt128LittleEndian(bytes));

    /// <summary>A number from zero up; past the range it is <see cref="MaxValue"/>.</summary>
    public static UInt256 Saturate(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        return value.TryWriteBytes(bytes, out _, isUnsigned: true) ? FromLittleEndian(bytes) : MaxValue;
    }

    public BigInteger ToBigInteger() => ((BigInteger)_upper << 128) | _lower;

    public int CompareTo(UInt256 other)
    {
        var upper = _upper.CompareTo(other._upper);
        return upper != 0 ? upper : _lower.CompareTo(other._lower);
    }

    public bool Equals(UInt256 other) => _upper == other._upper && _lower == other._lower;

    public override bool Equals(object? obj) => obj is UInt256 other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_upper, _lower);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{_upper:x32}{_lower:x32}";

    public static bool operator ==(UInt256 left, UInt256 right) => left.Equals(right);

    public static bool operator !=(UInt256 left, UInt256 right) => !left.Equals(right);

    public static bool operator <(UInt256 left, UInt256 right) => left.CompareTo(right) < 0;

    public static bool operator >(UInt256 left, UInt256 right) => left.CompareTo(right) > 0;

    public static bool operator <=(UInt256 left, UInt256 right) => left.CompareTo(right) <= 0;

    public static bool operator >=(UInt256 left, UInt256 right) => left.CompareTo(right) >= 0;
}
