using System.IO.Pipelines;
using System.Text;

namespace Orchestrator.Guest.Protocol;

/// <summary>
/// A response of server-sent events. Each is sent at once, and a comment every 15 s, so that no proxy takes the connection
/// of a silent command for a dead one (docs/contract/sandbox.md, section 2). Safe for concurrent use.
/// </summary>
public sealed class EventStream : IAsyncDisposable
{
    /// <summary>The interval of the comments.</summary>
    public static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>The header that keeps nginx from collecting a response before it passes it on; its value is <c>no</c>.</summary>
    public const string BufferingHeader = "X-Accel-Buffering";

    private readonly PipeWriter _body;
    private readonly ServerSentEvents _events;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;

    /// <summary>Starts the comments; the response's headers are sent with the first event or comment.</summary>
    /// <param name="body">The response's body.</param>
    /// <param name="time">The clock of the comments.</param>
    /// <param name="base64">Whether output is written in base64 instead of as text.</param>
    public EventStream(PipeWriter body, TimeProvider time, bool base64 = false)
    {
        _body = body;
        _events = new ServerSentEvents(body, base64);
        _keeping = KeepAliveAsync(time, _stop.Token);
    }

    /// <summary>Sends a <c>stdout</c> event.</summary>
    public Task OutputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => OutputAsync(bytes, null, cancellationToken);

    /// <summary>Sends a <c>stdout</c> event with the offset after it as its id.</summary>
    public Task OutputAsync(ReadOnlyMemory<byte> bytes, long? offset, CancellationToken cancellationToken) =>
        SendAsync(static (events, piece) => events.Output(piece.bytes.Span, piece.offset), (bytes, offset), cancellationToken);

    /// <summary>Sends a <c>stderr</c> event.</summary>
    public Task ErrorAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ErrorAsync(bytes, null, cancellationToken);

    /// <summary>Sends a <c>stderr</c> event with the offset after it as its id.</summary>
    public Task ErrorAsync(ReadOnlyMemory<byte> bytes, long? offset, CancellationToken cancellationToken) =>
        SendAsync(static (events, piece) => events.Error(piece.bytes.Span, piece.offset), (bytes, offset), cancellationToken);

    /// <summary>Sends an event of another kind, its data as JSON.</summary>
    public Task EventAsync(string name, byte[] json, CancellationToken cancellationToken) =>
        SendAsync(static (events, e) => events.Event(Encoding.UTF8.GetBytes(e.name), e.json), (name, json), cancellationToken);

    /// <summary>Sends the <c>exit</c> event, the last one.</summary>
    public Task ExitAsync(CommandExit exit, CancellationToken cancellationToken) =>
        SendAsync(static (events, exit) => events.Exit(exit), exit, cancellationToken);

    /// <summary>Ends the comments.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keeping;
        _stop.Dispose();
        _turn.Dispose();
    }

    private async Task SendAsync<T>(Action<ServerSentEvents, T> write, T value, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            write(_events, value);
            await _body.FlushAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task KeepAliveAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(KeepAliveInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await SendAsync(static (events, _) => events.KeepAlive(), 0, stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // Stopped, or the caller has left, which the command's own end reports.
        }
    }
}
