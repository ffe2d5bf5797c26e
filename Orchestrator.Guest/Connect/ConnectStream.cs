using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Guest.Connect;

/// <summary>The answer to a streaming call: each message is sent at once, and after a while of silence one that keeps the
/// connection alive. Safe for concurrent use.</summary>
internal sealed class ConnectStream : IAsyncDisposable
{
    public static readonly TimeSpan DefaultKeepAlive = TimeSpan.FromSeconds(90);

    private readonly PipeWriter _body;
    private readonly ReadOnlyMemory<byte> _keepAlive;
    private readonly TimeSpan _interval;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ITimer _timer;
    private bool _begun;
    private bool _ended;

    /// <param name="body">The response's body.</param>
    /// <param name="keepAlive">The message against silence, as JSON; sent only after another has been.</param>
    /// <param name="interval">The silence after which it is sent.</param>
    /// <param name="time">The clock.</param>
    public ConnectStream(PipeWriter body, ReadOnlyMemory<byte> keepAlive, TimeSpan interval, TimeProvider time)
    {
        (_body, _keepAlive, _interval) = (body, keepAlive, interval);
        _timer = time.CreateTimer(static state => _ = ((ConnectStream)state!).KeepAliveAsync(), this, interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sends a message.</summary>
    public ValueTask SendAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, type), cancellationToken);

    /// <summary>Sends a message that is JSON already.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _begun = true;
            Envelope.Write(_body, 0, message.Span);
            await _body.FlushAsync(cancellationToken);
            // The flush of a body whose reader has left does not throw.
            cancellationToken.ThrowIfCancellationRequested();
            _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends the last message, an error or none.</summary>
    public async Task EndAsync(ConnectProblem? error)
    {
        await _turn.WaitAsync();
        try
        {
            _ended = true;
            Envelope.Write(
                _body, Envelope.EndStream, JsonSerializer.SerializeToUtf8Bytes(new ConnectTrailer(error), ConnectJson.Default.ConnectTrailer));
            await _body.FlushAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _turn.WaitAsync();
        _ended = true;
        _turn.Release();
    }

    private async Task KeepAliveAsync()
    {
        // Under way now: no silence.
        if (!_turn.Wait(0))
        {
            return;
        }

        try
        {
            if (!_ended)
            {
                if (_begun)
                {
                    Envelope.Write(_body, 0, _keepAlive.Span);
                    await _body.FlushAsync();
                }

                _timer.Change(_interval, Timeout.InfiniteTimeSpan);
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The caller has left, which the stream's own sending meets too.
        }
        finally
        {
            _turn.Release();
        }
    }
}
