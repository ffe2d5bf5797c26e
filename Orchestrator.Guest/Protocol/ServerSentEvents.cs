using System.Buffers;
using System.Text;
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
/// second one, invalid UTF-8 becomes U+FFFD. One instance per command; not thread-safe.
/// </remarks>
public sealed class ServerSentEvents(IBufferWriter<byte> target)
{
    // Nothing here is put into a page unescaped: quotes and letters of all languages may stay.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Decoder _output = Encoding.UTF8.GetDecoder();
    private readonly Decoder _error = Encoding.UTF8.GetDecoder();

    /// <summary>The events' media type.</summary>
    public const string ContentType = "text/event-stream";

    /// <summary>Writes a <c>stdout</c> event, or nothing until there is a whole character.</summary>
    public void Output(ReadOnlySpan<byte> bytes) => Text("stdout"u8, _output, bytes, flush: false);

    /// <summary>Writes a <c>stderr</c> event, or nothing until there is a whole character.</summary>
    public void Error(ReadOnlySpan<byte> bytes) => Text("stderr"u8, _error, bytes, flush: false);

    /// <summary>Writes the rest of split characters, then the <c>exit</c> event.</summary>
    public void Exit(CommandExit exit)
    {
        Text("stdout"u8, _output, default, flush: true);
        Text("stderr"u8, _error, default, flush: true);
        Begin("exit"u8);
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
            if (exit.Error is { } error)
            {
                json.WriteString("error"u8, error);
            }

            json.WriteEndObject();
        }

        target.Write("\n\n"u8);
    }

    /// <summary>Writes a comment, which readers skip.</summary>
    public void KeepAlive() => target.Write(": keep-alive\n\n"u8);

    private void Text(ReadOnlySpan<byte> name, Decoder decoder, ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = ArrayPool<char>.Shared.Rent(bytes.Length + 4);
        try
        {
            var count = decoder.GetChars(bytes, characters, flush);
            if (count == 0)
            {
                return;
            }

            Begin(name);
            using (var json = new Utf8JsonWriter(target, Readable))
            {
                json.WriteStringValue(characters.AsSpan(0, count));
            }

            target.Write("\n\n"u8);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private void Begin(ReadOnlySpan<byte> name)
    {
        target.Write("event: "u8);
        target.Write(name);
        target.Write("\ndata: "u8);
    }
}
