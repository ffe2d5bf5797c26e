using System.Text;

namespace Orchestrator.Guest.Protocol;

/// <summary>Decodes UTF-8 that comes in pieces, cut anywhere. A character that is cut comes whole with the next piece.</summary>
public sealed class Utf8Pieces
{
    private byte[] _held = [];

    /// <summary>The bytes of a cut character that are kept for the next piece, 0 to 3.</summary>
    public int Held => _held.Length;

    /// <summary>The text so far; invalid bytes are U+FFFD.</summary>
    public string Next(ReadOnlySpan<byte> piece)
    {
        byte[]? joined = _held.Length > 0 ? [.. _held, .. piece] : null;
        var all = joined ?? piece;
        var whole = all[..^CountCut(all)];
        _held = all[whole.Length..].ToArray();
        return Encoding.UTF8.GetString(whole);
    }

    /// <summary>What is kept, as text: a character that never came whole.</summary>
    public string Rest()
    {
        var rest = Encoding.UTF8.GetString(_held);
        _held = [];
        return rest;
    }

    /// <summary>The number of bytes at the end that begin a character, and are not all of it.</summary>
    public static int CountCut(ReadOnlySpan<byte> bytes) =>
        Rune.DecodeLastFromUtf8(bytes, out _, out var count) == System.Buffers.OperationStatus.NeedMoreData ? count : 0;
}
