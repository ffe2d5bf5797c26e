using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Orchestrator.Guest.Protocol;

/// <summary>Turns bytes, split anywhere, into frames. Not thread-safe.</summary>
/// <remarks>Feed with <see cref="Append"/>, then call <see cref="TryRead"/> until it returns false. Holds at most
/// one incomplete frame plus the bytes appended last.</remarks>
public sealed class FrameReader
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>Whether a frame has begun and not ended.</summary>
    public bool IsInsideFrame => _end > _start;

    /// <summary>Adds bytes to read frames from. Payloads returned before are invalid from here on.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var kept = _end - _start;
        if (_end + bytes.Length > _buffer.Length)
        {
            var target = kept + bytes.Length > _buffer.Length
                ? new byte[Math.Max(_buffer.Length * 2, kept + bytes.Length)]
                : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, kept);
            (_buffer, _start, _end) = (target, 0, kept);
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Takes the next whole frame.</summary>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="FrameException">The type is unknown or the length above the type's limit; thrown as soon as
    /// the header is there, before any payload is held.</exception>
    public bool TryRead(out Frame frame)
    {
        frame = default;
        var held = _buffer.AsSpan(_start, _end - _start);
        if (held.Length > 0 && Frame.LimitOf((FrameType)held[0]) < 0)
        {
            throw new FrameException($"Unknown frame type 0x{held[0]:x2}.");
        }

        if (held.Length < Frame.HeaderSize)
        {
            return false;
        }

        var type = (FrameType)held[0];
        var length = BinaryPrimitives.ReadUInt32BigEndian(held[1..]);
        if (length > Frame.LimitOf(type))
        {
            throw new FrameException($"A frame of type {type} with {length} bytes is over its limit of {Frame.LimitOf(type)}.");
        }

        if (held.Length < Frame.HeaderSize + (int)length)
        {
            return false;
        }

        frame = new Frame(type, _buffer.AsMemory(_start + Frame.HeaderSize, (int)length));
        _start += Frame.HeaderSize + (int)length;
        return true;
    }

    /// <summary>Reads frames from a stream until it ends.</summary>
    /// <param name="stream">Read, never written, not disposed.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The frames in order; each payload is valid until the next one is requested.</returns>
    /// <exception cref="FrameException">A malformed frame, or the stream ended inside one.</exception>
    public static async IAsyncEnumerable<Frame> ReadAllAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new FrameReader();
        var chunk = new byte[32 * 1024];
        int count;
        while ((count = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            reader.Append(chunk.AsSpan(0, count));
            while (reader.TryRead(out var frame))
            {
                yield return frame;
            }
        }

        if (reader.IsInsideFrame)
        {
            throw new FrameException("The stream ended inside a frame.");
        }
    }
}
