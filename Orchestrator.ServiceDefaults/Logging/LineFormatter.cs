using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Orchestrator.ServiceDefaults.Logging;

/// <summary>
/// One event, one line: <c>2026-01-31T12:00:00.000Z info Provisioner[1203] message</c>. Control
/// characters are escaped, line breaks among them, so that no message can forge a line; an exception follows, indented.
/// </summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    // Characters that a terminal or an editor acts on instead of showing: controls (C0, DEL, C1), line and paragraph
    // separators, and marks that change the direction of text.
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Select(c => (char)c),
        '\u061c', '\u200e', '\u200f', '\u2028', '\u2029',
        .. Enumerable.Range(0x202a, 5).Concat(Enumerable.Range(0x2066, 4)).Select(c => (char)c),
    ]);

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write(' ');
        textWriter.Write(LevelOf(logEntry.LogLevel));
        textWriter.Write(' ');
        textWriter.Write(ShortOf(logEntry.Category));
        textWriter.Write('[');
        textWriter.Write(logEntry.EventId.Id);
        textWriter.Write("] ");
        WriteEscaped(message, textWriter);
        // Only with a collector configured is there a trace to look up.
        if (Activity.Current is { Recorded: true } activity)
        {
            textWriter.Write(" trace=");
            textWriter.Write(activity.TraceId.ToHexString());
        }

        textWriter.Write('\n');
        if (logEntry.Exception is not { } exception)
        {
            return;
        }

        foreach (var line in exception.ToString().AsSpan().EnumerateLines())
        {
            textWriter.Write("    ");
            WriteEscaped(line, textWriter);
            textWriter.Write('\n');
        }
    }

    private static void WriteEscaped(ReadOnlySpan<char> text, TextWriter textWriter)
    {
        while (text.IndexOfAny(Escaped) is >= 0 and var at)
        {
            textWriter.Write(text[..at]);
            textWriter.Write(text[at] switch
            {
                '\n' => @"\n",
                var c and <= '\xff' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                var c => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            });
            text = text[(at + 1)..];
        }

        textWriter.Write(text);
    }

    private static ReadOnlySpan<char> ShortOf(string category) => category.AsSpan(category.LastIndexOf('.') + 1);

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        LogLevel.Critical => "crit",
        _ => "none",
    };
}
