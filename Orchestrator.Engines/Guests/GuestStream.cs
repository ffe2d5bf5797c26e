using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>
/// A Connect stream of JSON messages: 1 byte flags, 4 bytes length, payload. The last message has flag 2 and says whether the
/// call succeeded. Disposing it ends the call.
/// </summary>
internal sealed class GuestStream(GuestCalls calls, HttpResponseMessage response, Stream body) : IAsyncDisposable
{
    private const int HeaderSize = 5;
    private const byte EndFlag = 2;

    // A piece of output is at most 64 KiB, and a third longer in base64.
    private const int MaxMessage = 256 << 10;

    // Messages that carry nothing: a burst, and as many a second.
    private const int EmptyBurst = 64;
    private const int EmptyPerSecond = 4;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    private readonly long _began = calls.Time.GetTimestamp();
    private byte[] _buffer = new byte[4 << 10];
    private int _start;
    private int _end;
    private int _empty;
    private bool _first = true;

    /// <summary>A request's one message.</summary>
    public static ByteArrayContent Envelope(ByteArrayContent message)
    {
        var json = message.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        var framed = new byte[HeaderSize + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), json.Length);
        json.CopyTo(framed, HeaderSize);
        return new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/connect+json") } };
    }

    /// <summary>Reads the next message; null at the stream's end.</summary>
    /// <exception cref="GuestRefusedException">The call failed.</exception>
    /// <exception cref="RunnerMisbehavedException">The stream is malformed.</exception>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        await FillAsync(HeaderSize, cancellationToken);
        var (flags, length) = (_buffer[_start], BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1)));
        if (length > MaxMessage || flags is not (0 or EndFlag))
        {
            throw new RunnerMisbehavedException($"A message of {length} bytes with flags {flags} from the guest.");
        }

        _start += HeaderSize;
        await FillAsync((int)length, cancellationToken);
        var payload = _buffer.AsSpan(_start, (int)length);
        _start += (int)length;
        _first = false;
        try
        {
            if (flags == 0)
            {
                return JsonSerializer.Deserialize(payload, type) ?? throw new RunnerMisbehavedException("The guest sent null.");
            }

            if (JsonSerializer.Deserialize(payload, GuestJson.Default.WireTrailer)?.Error is { } error)
            {
                throw GuestErrors.Of(error, status: 0);
            }

            return null;
        }
        catch (JsonException error)
        {
            throw new RunnerMisbehavedException($"A message of the guest is not the JSON expected: {error.Message}", error);
        }
    }

    /// <summary>Counts a message that carries nothing.</summary>
    /// <exception cref="RunnerMisbehavedException">There are more of them than silence explains.</exception>
    public void CountEmpty()
    {
        if (++_empty > EmptyBurst + (calls.Time.GetElapsedTime(_began).TotalSeconds * EmptyPerSecond))
        {
            throw new RunnerMisbehavedException("The guest floods its caller with empty messages.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await body.DisposeAsync();
        response.Dispose();
    }

    private async ValueTask FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_end - _start >= count)
        {
            return;
        }

        if (_start + count > _buffer.Length)
        {
            var target = count > _buffer.Length ? new byte[count] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
            (_buffer, _start, _end) = (target, 0, _end - _start);
        }

        while (_end - _start < count)
        {
            _end += await ReadSomeAsync(_buffer.AsMemory(_end), cancellationToken);
        }
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            var reading = body.ReadAsync(target, cancellationToken);
            var count = reading.IsCompleted ? await reading : await WatchAsync(reading.AsTask(), cancellationToken);
            return count > 0 ? count : throw new IOException("The guest ended a stream before its last message.");
        }
        catch (Exception error) when (error is not EngineException)
        {
            throw await calls.TranslateAsync(error, cancellationToken);
        }
    }

    // The guest says something every few seconds; a runner that died may leave its connections open.
    private async Task<int> WatchAsync(Task<int> reading, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await reading.WaitAsync(_first ? StartPatience : Silence, calls.Time, CancellationToken.None);
            }
            catch (TimeoutException) when (!reading.IsCompleted)
            {
                try
                {
                    await calls.Look.RequireAsync(cancellationToken);
                }
                catch (EngineUnavailableException)
                {
                    // The runner may live on without its engine.
                }
                catch
                {
                    _ = reading.ContinueWith(late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                    throw;
                }
            }
        }
    }
}
