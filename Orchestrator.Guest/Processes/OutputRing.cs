namespace Orchestrator.Guest.Processes;

/// <summary>Which stream a byte of output came from.</summary>
internal enum OutputKind : byte
{
    Output,
    Error,
}

/// <summary>The last output of one process, all streams together, and the cursors of those who follow it. The slowest cursor
/// holds up the writer when it is a window behind; without any the ring turns over. Thread-safe.</summary>
internal sealed class OutputRing
{
    /// <summary>What is kept, in bytes (1 MiB).</summary>
    public const int Capacity = 1024 * 1024;

    /// <summary>How far a cursor may be behind before the writer waits, in bytes (256 KiB).</summary>
    public const int Window = 256 * 1024;

    private const int FirstSize = 4096;

    private readonly Lock _gate = new();
    private readonly List<OutputCursor> _cursors = [];
    private byte[] _bytes = new byte[FirstSize];
    private byte[] _kinds = new byte[FirstSize];
    private TaskCompletionSource? _room;
    private long _start;
    private long _end;
    private bool _completed;

    /// <summary>Whether the writer waits for a cursor.</summary>
    public bool IsHeldUp
    {
        get
        {
            lock (_gate)
            {
                return _room is not null;
            }
        }
    }

    /// <summary>The bytes held.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _end - _start;
            }
        }
    }

    /// <summary>Adds output, when no cursor is too far behind.</summary>
    /// <param name="kind">Its stream.</param>
    /// <param name="bytes">At most a quarter of the window.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask AppendAsync(OutputKind kind, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!TryAppend(kind, bytes.Span, out var room))
        {
            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>No more output comes: cursors end when they have read what there is.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            _cursors.ForEach(cursor => cursor.Wake());
        }
    }

    /// <summary>Follows the output.</summary>
    /// <param name="since">After this offset, or what is left of it; null is from now on.</param>
    public OutputCursor Follow(long? since)
    {
        lock (_gate)
        {
            var cursor = new OutputCursor(this, Math.Clamp(since ?? _end, _start, _end));
            _cursors.Add(cursor);
            return cursor;
        }
    }

    /// <summary>Reads one stream's bytes at the cursor, and moves it.</summary>
    /// <returns>0 bytes and a task when there are none now; neither when there will be none.</returns>
    internal (OutputPiece Piece, Task? More) Read(OutputCursor cursor, Span<byte> target)
    {
        lock (_gate)
        {
            if (cursor.Position == _end)
            {
                return (default, _completed ? null : cursor.WaitForMore());
            }

            var index = (int)(cursor.Position % _bytes.Length);
            var count = (int)Math.Min(Math.Min(_end - cursor.Position, _bytes.Length - index), target.Length);
            var kind = _kinds[index];
            var other = _kinds.AsSpan(index, count).IndexOfAnyExcept(kind);
            count = other < 0 ? count : other;
            _bytes.AsSpan(index, count).CopyTo(target);
            cursor.Position += count;
            Release();
            return (new OutputPiece((OutputKind)kind, count, cursor.Position), null);
        }
    }

    internal void Forget(OutputCursor cursor)
    {
        lock (_gate)
        {
            _cursors.Remove(cursor);
            Release();
        }
    }

    private bool TryAppend(OutputKind kind, ReadOnlySpan<byte> bytes, out Task room)
    {
        lock (_gate)
        {
            var oldest = _end + bytes.Length - Window;
            if (_cursors.Exists(cursor => cursor.Position < oldest))
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
                return false;
            }

            room = Task.CompletedTask;
            Write(kind, bytes);
            _cursors.ForEach(cursor => cursor.Wake());
            return true;
        }
    }

    private void Write(OutputKind kind, ReadOnlySpan<byte> bytes)
    {
        while (_bytes.Length < Capacity && _end - _start + bytes.Length > _bytes.Length)
        {
            Grow();
        }

        while (bytes.Length > 0)
        {
            var index = (int)(_end % _bytes.Length);
            var count = Math.Min(bytes.Length, _bytes.Length - index);
            bytes[..count].CopyTo(_bytes.AsSpan(index));
            _kinds.AsSpan(index, count).Fill((byte)kind);
            _end += count;
            bytes = bytes[count..];
        }

        _start = Math.Max(_start, _end - _bytes.Length);
    }

    private void Grow()
    {
        var (bytes, kinds) = (new byte[_bytes.Length * 2], new byte[_kinds.Length * 2]);
        for (var offset = _start; offset < _end;)
        {
            var (from, to) = ((int)(offset % _bytes.Length), (int)(offset % bytes.Length));
            var count = (int)Math.Min(_end - offset, Math.Min(_bytes.Length - from, bytes.Length - to));
            _bytes.AsSpan(from, count).CopyTo(bytes.AsSpan(to));
            _kinds.AsSpan(from, count).CopyTo(kinds.AsSpan(to));
            offset += count;
        }

        (_bytes, _kinds) = (bytes, kinds);
    }

    /// <summary>Lets a waiting writer try again.</summary>
    private void Release()
    {
        if (_room is { } room)
        {
            _room = null;
            room.SetResult();
        }
    }
}

/// <summary>Bytes of one stream.</summary>
/// <param name="Kind">The stream.</param>
/// <param name="Count">Their number.</param>
/// <param name="Offset">The offset after them, over all streams.</param>
internal readonly record struct OutputPiece(OutputKind Kind, int Count, long Offset);
