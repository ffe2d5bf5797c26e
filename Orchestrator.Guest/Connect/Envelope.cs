using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Orchestrator.Guest.Connect;

/// <summary>The frame of a streamed Connect message: 1 byte flags, 4 bytes big-endian length, payload.</summary>
internal static class Envelope
{
    public const int HeaderSize = 5;

    /// <summary>The flag of a stream's last message.</summary>
    public const byte EndStream = 2;

    /// <summary>Writes one message.</summary>
    public static void Write(IBufferWriter<byte> target, byte flags, ReadOnlySpan<byte> payload)
    {
        var header = target.GetSpan(HeaderSize);
        header[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], payload.Length);
        target.Advance(HeaderSize);
        target.Write(payload);
    }

    /// <summary>Reads the one message of a request.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="limit">The longest message that is accepted, in bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="ConnectError">The body is cut off, longer, or compressed.</exception>
    public static async ValueTask<byte[]> ReadOneAsync(PipeReader body, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if (TryParse(result.Buffer, limit, out var payload))
            {
                body.AdvanceTo(result.Buffer.End);
                return payload;
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw ConnectError.Invalid("The request must be one enveloped message.");
            }
        }
    }

    private static bool TryParse(ReadOnlySequence<byte> bytes, int limit, out byte[] payload)
    {
        payload = [];
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        bytes.Slice(0, HeaderSize).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (header[0] != 0)
        {
            throw ConnectError.Invalid($"The message's flags must be 0, not {header[0]}: compressed ones are not accepted.");
        }

        if (length > limit)
        {
            throw new ConnectError(ConnectCode.ResourceExhausted, $"A message of {length} bytes is over the limit of {limit}.");
        }

        if (bytes.Length < HeaderSize + length)
        {
            return false;
        }

        if (bytes.Length > HeaderSize + length)
        {
            throw ConnectError.Invalid("The request must be one enveloped message, and holds more.");
        }

        payload = bytes.Slice(HeaderSize, length).ToArray();
        return true;
    }
}
