using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Leasing;

/// <summary>A place in a log: how many bytes and lines are before it.</summary>
internal sealed class LogPlace : IExecOutput
{
    private long _newlines;
    private bool _open;

    public long Bytes { get; private set; }

    /// <summary>The lines; one that goes on counts.</summary>
    public long Lines => _open ? _newlines + 1 : _newlines;

    public void Add(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        Bytes += data.Length;
        _newlines += data.Count((byte)'\n');
        _open = data[^1] != '\n';
    }

    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        Add(data.Span);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Passes a part of a log on: after so many lines, up to so many bytes of the whole.</summary>
internal sealed class LogRange(long skipLines, long bytes, IExecOutput output) : IExecOutput
{
    private long _lines = skipLines;
    private long _left = bytes;

    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (data.Length > _left)
        {
            data = data[..(int)_left];
        }

        _left -= data.Length;
        while (_lines > 0 && !data.IsEmpty)
        {
            var end = data.Span.IndexOf((byte)'\n');
            data = end < 0 ? default : data[(end + 1)..];
            _lines -= end < 0 ? 0 : 1;
        }

        return data.IsEmpty ? ValueTask.CompletedTask : output.WriteAsync(stream, data, cancellationToken);
    }
}
