using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Docker.DotNet.Handler.Abstractions;

namespace Docker.DotNet;

/// <summary>
/// Output and error of a container or an exec over one connection, in frames of an 8-byte head and a payload; with
/// a terminal there are no frames and everything is output. One reader and one writer at a time.
/// </summary>
public sealed class MultiplexedStream(Stream stream, bool multiplexed) : IDisposable
{
    private const int HeadLength = 8;
    private readonly byte[] _head = new byte[HeadLength];
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _bufferStart;
    private int _bufferEnd;
    private int _headCount;
    private int _remaining;
    private TargetStream _target;

    /// <summary>Which stream a frame belongs to.</summary>
    public enum TargetStream : byte
    {
        StandardIn = 0,
        StandardOut = 1,
        StandardError = 2,
    }

    /// <summary>What one read gave; nothing at the end.</summary>
    public readonly struct ReadResult(TargetStream target, int count)
    {
        public TargetStream Target { get; } = target;

        public int Count { get; } = count;

        public bool EOF => Count == 0;
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Ends the command's standard input; its output goes on.</summary>
    public void CloseWrite()
    {
        if (stream is WriteClosableStream closable)
        {
            closable.CloseWrite();
        }
    }

    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        stream.WriteAsync(buffer, offset, count, cancellationToken);

    /// <summary>Reads what is there, from one frame at most, and waits only when there is nothing.</summary>
    /// <exception cref="EndOfStreamException">The connection ended inside a frame.</exception>
    public async Task<ReadResult> ReadOutputAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        var destination = buffer.AsMemory(offset, count);
        if (!multiplexed)
        {
            return new ReadResult(TargetStream.StandardOut, await stream.ReadAsync(destination, cancellationToken));
        }

        while (_remaining == 0)
        {
            if (!await ReadHeadAsync(cancellationToken))
            {
                return default;
            }
        }

        var read = await TakeAsync(destination[..Math.Min(count, _remaining)], cancellationToken);
        if (read == 0)
        {
            throw new EndOfStreamException();
        }

        _remaining -= read;
        return new ReadResult(_target, read);
    }

    public async Task<(string stdout, string stderr)> ReadOutputToEndAsync(CancellationToken cancellationToken)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await CopyOutputToAsync(Stream.Null, output, error, cancellationToken);
        return (Text(output), Text(error));

        static string Text(MemoryStream bytes) => Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    public Task CopyFromAsync(Stream input, CancellationToken cancellationToken) => input.CopyToAsync(stream, cancellationToken);

    public async Task CopyOutputToAsync(Stream stdin, Stream stdout, Stream stderr, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_buffer.Length);
        try
        {
            while (await ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken) is { EOF: false } result)
            {
                var sink = result.Target switch
                {
                    TargetStream.StandardOut => stdout,
                    TargetStream.StandardError => stderr,
                    _ => stdin,
                };
                await sink.WriteAsync(buffer.AsMemory(0, result.Count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>False at the end of the stream, which is only allowed between two frames.</returns>
    private async ValueTask<bool> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (_headCount < HeadLength)
        {
            var read = await TakeAsync(_head.AsMemory(_headCount), cancellationToken);
            if (read == 0)
            {
                return _headCount == 0 ? false : throw new EndOfStreamException();
            }

            _headCount += read;
        }

        _headCount = 0;
        _target = _head[0] <= (byte)TargetStream.StandardError
            ? (TargetStream)_head[0]
            : throw new IOException($"Unknown stream type: '{_head[0]}'.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(_head.AsSpan(4));
        _remaining = length <= int.MaxValue ? (int)length : throw new IOException($"Invalid frame length: '{length}'.");
        return true;
    }

    /// <summary>Reads through the buffer, so that small frames cost one system call for many; large reads go past it.</summary>
    private async ValueTask<int> TakeAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_bufferStart == _bufferEnd)
        {
            if (destination.Length >= _buffer.Length)
            {
                return await stream.ReadAsync(destination, cancellationToken);
            }

            _bufferStart = 0;
            _bufferEnd = 0;
            _bufferEnd = await stream.ReadAsync(_buffer, cancellationToken);
        }

        var count = Math.Min(destination.Length, _bufferEnd - _bufferStart);
        _buffer.AsMemory(_bufferStart, count).CopyTo(destination);
        _bufferStart += count;
        return count;
    }
}
