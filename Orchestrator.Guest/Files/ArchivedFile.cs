using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>A file's bytes for an archive that has told their number: one that grows is cut, one that shrinks is filled up with
/// zeros, so that the archive stays readable.</summary>
internal sealed class ArchivedFile(int fd, long length) : ReadOnlyStream
{
    private long _position;

    // An archive asks only those that can seek for their length.
    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        if (wanted.IsEmpty)
        {
            return 0;
        }

        var count = Posix.Read(fd, wanted);
        if (count <= 0)
        {
            wanted.Clear();
            count = wanted.Length;
        }

        _position += count;
        return count;
    }
}
