namespace Orchestrator.Guest.Protocol;

/// <summary>One frame: 1 byte type, 4 bytes big-endian payload length, payload.</summary>
/// <param name="Type">The payload's type.</param>
/// <param name="Payload">0 to <see cref="MaxPayload"/> bytes. Frames of a <see cref="FrameReader"/> share its
/// buffer: the payload is valid until the reader is fed again.</param>
public readonly record struct Frame(FrameType Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 5;

    /// <summary>The longest payload of an input, output or error frame, in bytes (64 KiB).</summary>
    public const int MaxPayload = 64 * 1024;

    /// <summary>The longest payload of a frame that holds JSON, in bytes (4 MiB): arguments and environment may be
    /// larger than a chunk of a stream.</summary>
    public const int MaxDocument = 4 * 1024 * 1024;

    /// <summary>The input of an agent's process that may be sent and not yet be taken, in bytes (256 KiB).</summary>
    public const int InputWindow = 256 * 1024;

    internal static int LimitOf(FrameType type) => type switch
    {
        FrameType.Request or FrameType.Control or FrameType.Start or FrameType.Exit => MaxDocument,
        FrameType.InputEnd => 0,
        FrameType.Taken => sizeof(uint),
        FrameType.Input or FrameType.Output or FrameType.Error => MaxPayload,
        _ => -1,
    };
}
