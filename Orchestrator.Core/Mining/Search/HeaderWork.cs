using System.Buffers.Binary;

namespace Orchestrator.Core.Mining.Search;

/// <summary>
/// The part of a header's double SHA-256 that is the same for every nonce, computed once. The nonce is the fourth word of
/// the second block, so the first block, three rounds of the second and much of its message schedule don't depend on it.
/// </summary>
internal sealed class HeaderWork
{
    /// <summary>Which word of the second block the nonce is.</summary>
    public const int NonceWord = 3;

    private const int BlockSize = 64;
    private const uint FirstPadding = 0x80000000;

    /// <param name="header">The 80 bytes; their nonce does not matter.</param>
    public HeaderWork(ReadOnlySpan<byte> header)
    {
        Midstate = Sha256.Compress(Sha256.Initial, header[..BlockSize]);
        for (var i = 0; i < NonceWord; i++)
        {
            Words[i] = BinaryPrimitives.ReadUInt32BigEndian(header[(BlockSize + (4 * i))..]);
        }

        Words[4] = FirstPadding;
        Words[15] = 8 * BlockHeader.Size;

        BeforeNonce = Sha256.Advance(Midstate, Words.AsSpan(0, NonceWord));
        Word16 = Sha256.LittleSigma0(Words[1]) + Words[0];
        Word17 = Sha256.LittleSigma1(Words[15]) + Sha256.LittleSigma0(Words[2]) + Words[1];
        Word18 = Sha256.LittleSigma1(Word16) + Words[2];
        Word19 = Sha256.LittleSigma1(Word17) + Sha256.LittleSigma0(Words[4]);
        Word31 = Sha256.LittleSigma0(Word16) + Words[15];
    }

    /// <summary>The state after the first block.</summary>
    public uint[] Midstate { get; }

    /// <summary>The working variables of the second block just before the nonce enters.</summary>
    public uint[] BeforeNonce { get; }

    /// <summary>The second block; the nonce's word is zero.</summary>
    public uint[] Words { get; } = new uint[16];

    /// <summary>Word 16 of the message schedule.</summary>
    public uint Word16 { get; }

    /// <summary>Word 17 of the message schedule.</summary>
    public uint Word17 { get; }

    /// <summary>Word 18 but for the nonce's part.</summary>
    public uint Word18 { get; }

    /// <summary>Word 19 but for the nonce's part.</summary>
    public uint Word19 { get; }

    /// <summary>Word 31 but for the nonce's part.</summary>
    public uint Word31 { get; }
}
