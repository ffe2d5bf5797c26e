using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>The bytes that the server sends, until it says that they have ended.</summary>
internal sealed class FrameInputStream(AgentChannel channel) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _held;
    private bool _ended;

    /// <summary>The next bytes, as they came; valid until the next call. Empty at the end.</summary>
    /// <exception cref="EndOfStreamException">The server is gone before it said that all was sent.</exception>
    public ReadOnlyMemory<byte> Next()
    {
        while (_held.IsEmpty && !_ended)
        {
            var frame = channel.ReadFrame();
            _ended = frame.Type == FrameType.InputEnd;
            _held = frame.Type is FrameType.Input or FrameType.InputEnd
                ? frame.Payload
                : throw new FrameException($"A frame of type {frame.Type} may not stand here.");
        }

        var next = _held;
        _held = default;
        return next;
    }

    /// <summary>Waits for the first bytes.</summary>
    /// <returns>Whether there are any.</returns>
    public bool HasAny()
    {
        _held = Next();
        return !_held.IsEmpty;
    }

    public override int Read(Span<byte> buffer)
    {
        var next = Next();
        var count = Math.Min(next.Length, buffer.Length);
        next.Span[..count].CopyTo(buffer);
        _held = next[count..];
        return count;
    }
}
