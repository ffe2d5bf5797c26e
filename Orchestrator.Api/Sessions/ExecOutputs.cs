using System.Buffers;
using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Api.Sessions;

/// <summary>Collects a command's output; the engine bounds it.</summary>
internal sealed class CollectedOutput : IExecOutput
{
    private readonly ArrayBufferWriter<byte> _stdout = new();
    private readonly ArrayBufferWriter<byte> _stderr = new();

    /// <summary>Standard output as UTF-8; invalid bytes are replaced by U+FFFD.</summary>
    public string Stdout => Encoding.UTF8.GetString(_stdout.WrittenSpan);

    /// <summary>Standard error, likewise.</summary>
    public string Stderr => Encoding.UTF8.GetString(_stderr.WrittenSpan);

    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        (stream == OutputStream.Stdout ? _stdout : _stderr).Write(data.Span);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Passes a command's output on as server-sent events.</summary>
internal sealed class EventOutput(HttpResponse response, TimeProvider time) : IExecOutput, IAsyncDisposable
{
    private EventStream? _events;

    /// <summary>Begins the answer, so that the caller knows that the command runs before its first output.</summary>
    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        response.ContentType = ServerSentEvents.ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers[EventStream.BufferingHeader] = "no";
        await response.BodyWriter.FlushAsync(cancellationToken);
        _events ??= new EventStream(response.BodyWriter, time);
    }

    public async ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var events = _events ?? throw new InvalidOperationException("Output came before the command began.");
        await (stream == OutputStream.Stdout ? events.OutputAsync(data, cancellationToken) : events.ErrorAsync(data, cancellationToken));
    }

    /// <summary>Ends the answer.</summary>
    public async ValueTask EndAsync(CommandExit exit, CancellationToken cancellationToken)
    {
        if (_events is null)
        {
            await BeginAsync(cancellationToken);
        }

        await _events!.ExitAsync(exit, cancellationToken);
    }

    public ValueTask DisposeAsync() => _events?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Streams a log to the caller.</summary>
internal sealed class LogOutput(HttpResponse response, bool flush) : IExecOutput
{
    /// <summary>Begins the answer with its headers.</summary>
    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        response.ContentType = "text/plain; charset=utf-8";
        // A browser must not render a runner's output as a page.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        response.Headers[EventStream.BufferingHeader] = "no";
        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    public async ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await response.BodyWriter.WriteAsync(data, cancellationToken);
        if (flush)
        {
            await response.BodyWriter.FlushAsync(cancellationToken);
        }
    }
}
