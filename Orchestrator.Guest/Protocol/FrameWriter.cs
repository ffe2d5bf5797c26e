using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Orchestrator.Guest.Protocol;

/// <summary>Writes frames into a buffer (a <c>PipeWriter</c>, an <c>ArrayBufferWriter</c>). Flushing is the caller's.</summary>
public static class FrameWriter
{
    /// <summary>Writes one frame; input, output and error longer than <see cref="Frame.MaxPayload"/> become several.</summary>
    /// <exception cref="FrameException">A request or exit over <see cref="Frame.MaxDocument"/>, or an input end with
    /// a payload.</exception>
    public static void Write(IBufferWriter<byte> target, FrameType type, ReadOnlySpan<byte> payload = default)
    {
        var limit = Frame.LimitOf(type);
        if (payload.Length > limit && limit != Frame.MaxPayload)
        {
            throw new FrameException($"A frame of type {type} with {payload.Length} bytes is over its limit of {limit}.");
        }

        do
        {
            var part = payload[..Math.Min(payload.Length, limit)];
            WriteHeader(target.GetSpan(Frame.HeaderSize), type, part.Length);
            target.Advance(Frame.HeaderSize);
            target.Write(part);
            payload = payload[part.Length..];
        }
        while (payload.Length > 0);
    }

    /// <summary>Writes a <see cref="FrameType.Request"/> frame.</summary>
    public static void Write(IBufferWriter<byte> target, CommandRequest request) =>
        Write(target, FrameType.Request, JsonSerializer.SerializeToUtf8Bytes(request, ProtocolJson.Default.CommandRequest));

    /// <summary>Writes a <see cref="FrameType.Exit"/> frame.</summary>
    public static void Write(IBufferWriter<byte> target, CommandExit exit) =>
        Write(target, FrameType.Exit, exit.ToJson());

    internal static void WriteHeader(Span<byte> target, FrameType type, int length)
    {
        target[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], length);
    }
}
