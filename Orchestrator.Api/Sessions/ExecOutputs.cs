using System.Buffers;
using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Api.Sessions;

/// <summary>Collects a command's output, which its caller bounds.</summary>
internal sealed class CollectedOutput(bool base64) : IExecOutput
{
    private readonly ArrayBufferWriter<byte> _stdout = new();
    private readonly ArrayBufferWriter<byte> _stderr = new();

    /// <summary>Whether the command was started.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>What was collected of standard output; without a character that the bound cut.</summary>
    public string Stdout(bool truncated) => Text(_stdout.WrittenSpan, truncated);

    /// <summary>What was collected of standard error, likewise.</summary>
    public string Stderr(bool truncated) => Text(_stderr.WrittenSpan, truncated);

    public ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        HasBegun = true;
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        (stream == OutputStream.Stdout ? _stdout : _stderr).Write(data.Span);
        return ValueTask.CompletedTask;
    }

    private string Text(ReadOnlySpan<byte> bytes, bool truncated) => base64
        ? Convert.ToBase64String(bytes)
        : Encoding.UTF8.GetString(truncated ? bytes[..^Utf8Pieces.CountCut(bytes)] : bytes);
}

/// <summary>Passes a command's output on as server-sent events.</summary>
internal sealed class EventOutput(HttpResponse response, TimeProvider time, bool base64) : IExecOutput, IAsyncDisposable
{
    private EventStream? _events;

    /// <summary>Whether the answer has begun.</summary>
    public bool HasBegun => _events is not null;

    /// <summary>Begins the answer, so that the caller knows that the command runs before its first output.</summary>
    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        _events ??= await response.BeginEventsAsync(time, base64, cancellationToken);
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
