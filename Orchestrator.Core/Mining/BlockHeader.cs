using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orchestrator.Core.Mining;

/// <summary>The 80 bytes that are mined: version, previous block, merkle root, time, bits and, last, the nonce.</summary>
internal static class BlockHeader
{
    /// <summary>How many bytes it has.</summary>
    public const int Size = 80;

    /// <summary>Where the nonce begins: four bytes, the least significant first.</summary>
    public const int NonceOffset = 76;

    /// <summary>How many hexadecimal digits it is written in.</summary>
    public const int HexDigits = 2 * Size;

    /// <summary>Reads 160 hexadecimal digits of either case; null for anything else.</summary>
    public static byte[]? Parse(ReadOnlySpan<char> text)
    {
        var header = new byte[Size];
        return text.Length == HexDigits && Convert.FromHexString(text, header, out _, out _) == OperationStatus.Done
            ? header
            : null;
    }

    /// <summary>The nonce of a header.</summary>
    public static uint NonceOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[NonceOffset..]);

    /// <summary>
    /// SHA-256 of the SHA-256, as the number that it is displayed and compared as: the digest's last byte is the most
    /// significant one.
    /// </summary>
    public static UInt256 Hash(ReadOnlySpan<byte> header)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(header, digest);
        SHA256.HashData(digest, digest);
        return UInt256.FromLittleEndian(digest);
    }
}
