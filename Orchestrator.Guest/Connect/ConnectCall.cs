using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Guest.Connect;

/// <summary>Serves calls of the Connect protocol in JSON, the only form that the E2B SDKs use (docs/contract/e2b.md, 3.2).</summary>
internal static class ConnectCall
{
    /// <summary>The longest message that is accepted, in bytes (16 MiB).</summary>
    public const int MaxMessage = 16 * 1024 * 1024;

    private const string UnaryType = "application/json";
    private const string StreamType = "application/connect+json";

    /// <summary>Answers one message with one.</summary>
    public static async Task UnaryAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<TRequest, CancellationToken, ValueTask<TResponse>> handle)
        where TRequest : class
    {
        if (!HasType(context, UnaryType))
        {
            return;
        }

        using var deadline = Deadline.Of(context, TimeoutOf(context));
        try
        {
            var request = Parse(await ReadBodyAsync(context, deadline.Token), requestType);
            var response = await handle(request, deadline.Token);
            await WriteAsync(context, 200, response, responseType);
        }
        catch (Exception error) when (ErrorOf(error, deadline) is { } known)
        {
            await RefuseAsync(context, known.Code, known.Message);
        }
    }

    /// <summary>Answers one message with one that is too large to hold: the handler writes it itself, as JSON.</summary>
    /// <param name="context">The call.</param>
    /// <param name="requestType">The message's form.</param>
    /// <param name="handle">Throws before it has written anything, or never; else the connection breaks.</param>
    public static async Task UnaryAsync<TRequest>(
        HttpContext context, JsonTypeInfo<TRequest> requestType, Func<TRequest, CancellationToken, Task> handle)
        where TRequest : class
    {
        if (!HasType(context, UnaryType))
        {
            return;
        }

        using var deadline = Deadline.Of(context, TimeoutOf(context));
        try
        {
            var request = Parse(await ReadBodyAsync(context, deadline.Token), requestType);
            context.Response.ContentType = UnaryType;
            await handle(request, deadline.Token);
        }
        catch (Exception error) when (ErrorOf(error, deadline) is { } known)
        {
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            await RefuseAsync(context, known.Code, known.Message);
        }
    }

    /// <summary>Answers one message with a stream of them; what the handler throws becomes the stream's error.</summary>
    /// <param name="context">The call.</param>
    /// <param name="requestType">The message's form.</param>
    /// <param name="keepAlive">The message that is sent after a while of silence, as JSON.</param>
    /// <param name="bounded">Whether <c>Connect-Timeout-Ms</c> bounds the stream; else it is the handler's.</param>
    /// <param name="handle">Sends messages until the stream is over.</param>
    public static async Task StreamAsync<TRequest>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        ReadOnlyMemory<byte> keepAlive,
        bool bounded,
        Func<TRequest, ConnectStream, CancellationToken, Task> handle)
        where TRequest : class
    {
        if (!HasType(context, StreamType))
        {
            return;
        }

        using var deadline = Deadline.Of(context, bounded ? TimeoutOf(context) : null);
        context.Response.ContentType = StreamType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await using var stream = new ConnectStream(context.Response.BodyWriter, keepAlive, KeepAliveOf(context), TimeProvider.System);
        try
        {
            var message = await Envelope.ReadOneAsync(context.Request.BodyReader, MaxMessage, deadline.Token);
            await handle(Parse(message, requestType), stream, deadline.Token);
            await stream.EndAsync(null);
        }
        catch (Exception error) when (ErrorOf(error, deadline) is { } known)
        {
            await stream.EndAsync(new ConnectProblem(ConnectCodes.NameOf(known.Code), known.Message));
        }
    }

    /// <summary>Answers a unary call with an error.</summary>
    public static Task RefuseAsync(HttpContext context, ConnectCode code, string message) => WriteAsync(
        context, ConnectCodes.StatusOf(code), new ConnectProblem(ConnectCodes.NameOf(code), message), ConnectJson.Default.ConnectProblem);

    /// <summary>The header <c>Connect-Timeout-Ms</c>; null when there is none, or it is 0.</summary>
    public static TimeSpan? TimeoutOf(HttpContext context) =>
        long.TryParse(context.Request.Headers["Connect-Timeout-Ms"], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds > 0
            ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue - 1))
            : null;

    private static TimeSpan KeepAliveOf(HttpContext context) =>
        int.TryParse(context.Request.Headers["Keepalive-Ping-Interval"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : ConnectStream.DefaultKeepAlive;

    private static bool HasType(HttpContext context, string wanted)
    {
        var type = context.Request.ContentType.AsSpan();
        var end = type.IndexOf(';');
        if (type[..(end < 0 ? type.Length : end)].Trim().Equals(wanted, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        context.Response.StatusCode = 415;
        context.Response.Headers["Accept-Post"] = wanted;
        return false;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if (result.Buffer.Length > MaxMessage)
            {
                throw new ConnectError(ConnectCode.ResourceExhausted, $"The message is over the limit of {MaxMessage} bytes.");
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                body.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static T Parse<T>(ReadOnlyMemory<byte> message, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            // An empty body is an empty message.
            return JsonSerializer.Deserialize(message.IsEmpty ? "{}"u8 : message.Span, type)
                ?? throw ConnectError.Invalid("The message is null.");
        }
        catch (JsonException error)
        {
            throw ConnectError.Invalid($"The message is not the JSON expected: {error.Message}");
        }
    }

    private static async Task WriteAsync<T>(HttpContext context, int status, T message, JsonTypeInfo<T> type)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = UnaryType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>What a call's end by an exception means; null when the caller has left or it is a defect.</summary>
    private static ConnectError? ErrorOf(Exception error, Deadline deadline) => error switch
    {
        ConnectError known => known,
        OperationCanceledException when deadline.HasPassed => new ConnectError(ConnectCode.DeadlineExceeded, "The call's time is over."),
        BadHttpRequestException bad => ConnectError.Invalid(bad.Message),
        _ => null,
    };
}
