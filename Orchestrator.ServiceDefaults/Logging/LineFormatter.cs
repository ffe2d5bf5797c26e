using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Orchestrator.ServiceDefaults.Logging;

/// <summary>
/// One event, one line: <c>2026-01-31T12:00:00.000Z info Provisioner[1203] message</c>. Line breaks in a message
/// are spelled out, so that nobody can forge a line; an exception follows, indented.
/// </summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

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
        // Only where somebody collects traces is there something to look up.
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
            textWriter.Write(line);
            textWriter.Write('\n');
        }
    }

    private static void WriteEscaped(string message, TextWriter textWriter)
    {
        if (!message.AsSpan().ContainsAnyInRange('\0', '\x1f'))
        {
            textWriter.Write(message);
            return;
        }

        foreach (var c in message)
        {
            if (c == '\n')
            {
                textWriter.Write(@"\n");
            }
            else if (char.IsControl(c))
            {
                textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"));
            }
            else
            {
                textWriter.Write(c);
            }
        }
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
