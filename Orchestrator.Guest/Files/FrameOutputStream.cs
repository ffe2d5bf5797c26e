using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Sends what is written as output.</summary>
internal sealed class FrameOutputStream(AgentChannel channel) : Stream
{
    private int _held;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var part = buffer[..Math.Min(buffer.Length, Frame.MaxPayload - _held)];
            part.CopyTo(channel.Reserve(Frame.MaxPayload)[_held..]);
            _held += part.Length;
            buffer = buffer[part.Length..];
            if (_held == Frame.MaxPayload)
            {
                Flush();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <exception cref="EndOfStreamException">The server is gone.</exception>
    public override void Flush()
    {
        if (_held > 0)
        {
            channel.Commit(FrameType.Output, _held);
            _held = 0;
        }

        channel.FlushAll();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
