namespace Orchestrator.Guest.Supervision;

/// <summary>Bytes on their way to a non-blocking descriptor.</summary>
internal sealed class ByteQueue
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Commit(bytes.Length);
    }

    /// <summary>Room behind the queue's end; <see cref="Commit"/> makes part of it the queue's.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _end < count)
        {
            var target = Length + count > _buffer.Length ? new byte[Math.Max(_buffer.Length * 2, Length + count)] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, Length);
            (_buffer, _start, _end) = (target, 0, Length);
        }

        return _buffer.AsSpan(_end, count);
    }

    public void Commit(int count) => _end += count;

    public void Clear() => _start = _end = 0;

    /// <summary>Writes as much as the descriptor accepts now.</summary>
    /// <returns>The bytes written, or -1 when the reader is gone.</returns>
    public int WriteTo(int fd)
    {
        var total = 0;
        while (Length > 0)
        {
            var count = Posix.Write(fd, _buffer.AsSpan(_start, Length));
            if (count < 0)
            {
                if (Posix.LastError == Posix.EINTR)
                {
                    continue;
                }

                return Posix.LastError == Posix.EAGAIN ? total : -1;
            }

            _start += count;
            total += count;
        }

        Clear();
        return total;
    }
}
