using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Guest.Protocol;

/// <summary>Writes a command's output as server-sent events, as <c>POST /run</c> and the API's exec answer it.</summary>
/// <remarks>
/// <code>
/// event: stdout
/// data: "a chunk of text as a JSON string, so that newlines survive\n"
///
/// event: exit
/// data: {"exitCode":0,"durationMs":12.5,"timedOut":false,"truncated":false}
/// </code>
/// <c>stderr</c> is like <c>stdout</c>. Bytes are read as UTF-8; a character split between two chunks comes whole with the
/// second one, invalid UTF-8 becomes U+FFFD. With base64 in its place every byte survives. One instance per command; not
/// thread-safe.
/// </remarks>
/// <param name="target">Where the events go.</param>
/// <param name="base64">Whether output is written in base64 instead of as text.</param>
public sealed class ServerSentEvents(IBufferWriter<byte> target, bool base64 = false)
{
    // Nothing here is put into a page unescaped: quotes and letters of all languages may stay.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Utf8Pieces _output = new();
    private readonly Utf8Pieces _error = new();

    /// <summary>The events' media type.</summary>
    public const string ContentType = "text/event-stream";

    /// <summary>Writes a <c>stdout</c> event, or nothing until there is a whole character.</summary>
    /// <param name="bytes">The output.</param>
    /// <param name="offset">
    /// The offset after it, over both streams. The event's <c>id</c> is the offset to go on from: before a character that is
    /// kept, and missing while one of the other stream is.
    /// </param>
    public void Output(ReadOnlySpan<byte> bytes, long? offset = null) => Write("stdout"u8, _output, _error, bytes, offset);

    /// <summary>Writes a <c>stderr</c> event, or nothing until there is a whole character.</summary>
    /// <inheritdoc cref="Output"/>
    public void Error(ReadOnlySpan<byte> bytes, long? offset = null) => Write("stderr"u8, _error, _output, bytes, offset);

    /// <summary>Writes the rest of split characters, then the <c>exit</c> event.</summary>
    public void Exit(CommandExit exit)
    {
        // What was cut off at the limit is no character of the command's.
        if (!exit.Truncated)
        {
            Text("stdout"u8, _output.Rest(), null);
            Text("stderr"u8, _error.Rest(), null);
        }

        Begin("exit"u8, null);
        using (var json = new Utf8JsonWriter(target, Readable))
        {
            json.WriteStartObject();
            if (exit.ExitCode is { } code)
            {
                json.WriteNumber("exitCode"u8, code);
            }
            else
            {
                json.WriteNull("exitCode"u8);
            }

            json.WriteNumber("durationMs"u8, exit.DurationMs);
            json.WriteBoolean("timedOut"u8, exit.TimedOut);
            json.WriteBoolean("truncated"u8, exit.Truncated);
            if (exit.OomKilled)
            {
                json.WriteBoolean("oomKilled"u8, true);
            }

            if (exit.Error is { } error)
            {
                json.WriteString("error"u8, error);
            }

            json.WriteEndObject();
        }

        target.Write("\n\n"u8);
    }

    /// <summary>Writes an event of another kind.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="json">Its data: JSON without line breaks.</param>
    public void Event(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        Begin(name, null);
        target.Write(json);
        target.Write("\n\n"u8);
    }

    /// <summary>Writes a comment, which readers skip.</summary>
    public void KeepAlive() => target.Write(": keep-alive\n\n"u8);

    private void Write(ReadOnlySpan<byte> name, Utf8Pieces own, Utf8Pieces other, ReadOnlySpan<byte> bytes, long? offset)
    {
        if (!base64)
        {
            var text = own.Next(bytes);
            Text(name, text, other.Held > 0 ? null : offset - own.Held);
        }
        else if (!bytes.IsEmpty)
        {
            Begin(name, offset);
            using (var json = new Utf8JsonWriter(target, Readable))
            {
                json.WriteBase64StringValue(bytes);
            }

            target.Write("\n\n"u8);
        }
    }

    private void Text(ReadOnlySpan<byte> name, string text, long? id)
    {
        if (text.Length == 0)
        {
            return;
        }

        Begin(name, id);
        using (var json = new Utf8JsonWriter(target, Readable))
        {
            json.WriteStringValue(text);
        }

        target.Write("\n\n"u8);
    }

    private void Begin(ReadOnlySpan<byte> name, long? id)
    {
        if (id is { } number)
        {
            target.Write("id: "u8);
            Utf8Formatter.TryFormat(number, target.GetSpan(20), out var length);
            target.Advance(length);
            target.Write("\n"u8);
        }

        target.Write("event: "u8);
        target.Write(name);
        target.Write("\ndata: "u8);
    }
}
