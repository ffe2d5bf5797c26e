using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Processes;

/// <summary>Sends a process's events: <c>start</c>, <c>data</c>, <c>end</c> (docs/contract/e2b.md, 3.3).</summary>
/// <param name="stream">The answer.</param>
/// <param name="isTerminal">Whether the output is a terminal's.</param>
/// <param name="withOffsets">Whether data carries its offset.</param>
internal sealed class ProcessEvents(ConnectStream stream, bool isTerminal, bool withOffsets)
{
    // A whole number of base64's groups of three.
    private const int ChunkSize = 48 * 1024;

    private readonly ArrayBufferWriter<byte> _message = new();

    /// <summary>The message against silence.</summary>
    public static ReadOnlyMemory<byte> KeepAlive { get; } = """{"event":{"keepalive":{}}}"""u8.ToArray();

    public ValueTask StartAsync(int pid, CancellationToken cancellationToken) => SendAsync(
        "start"u8, pid, static (json, pid) => json.WriteNumber("pid"u8, pid), cancellationToken);

    /// <summary>Sends output until the process has ended.</summary>
    public async Task CopyAsync(OutputCursor output, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkSize];
        while (await output.ReadAsync(chunk, cancellationToken) is { } piece)
        {
            await SendAsync(
                "data"u8,
                (Name: isTerminal ? "pty" : piece.Kind == OutputKind.Output ? "stdout" : "stderr", Bytes: chunk.AsMemory(0, piece.Count), Offset: withOffsets ? piece.Offset : -1),
                static (json, data) =>
                {
                    json.WriteBase64String(data.Name, data.Bytes.Span);
                    if (data.Offset >= 0)
                    {
                        json.WriteString("offset"u8, data.Offset.ToString(CultureInfo.InvariantCulture));
                    }
                },
                cancellationToken);
        }
    }

    /// <summary>Sends the end.</summary>
    /// <param name="exit">How it ended.</param>
    /// <param name="reason">Why it could not be started; null when it was.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    public ValueTask EndAsync(CommandExit exit, string? reason, CancellationToken cancellationToken) =>
        SendAsync("end"u8, (exit, reason), static (json, end) => Write(json, end.exit, end.reason), cancellationToken);

    /// <summary>The exit code as in Go: the process's own, or -1 when it did not exit by itself.</summary>
    public static int CodeOf(CommandExit exit) => exit is { Signal: null, ExitCode: { } code } ? code : -1;

    private static void Write(Utf8JsonWriter json, CommandExit exit, string? reason)
    {
        var code = CodeOf(exit);
        var status = exit.Signal is { } signal ? $"signal: {SignalNames.DescriptionOf(signal)}" : exit.ExitCode is null && !exit.TimedOut
            ? "unknown"
            : exit.TimedOut ? "signal: killed" : $"exit status {code}";
        json.WriteNumber("exitCode"u8, code);
        json.WriteBoolean("exited"u8, code >= 0);
        json.WriteString("status"u8, status);
        if (code != 0)
        {
            json.WriteString("error"u8, exit.ExitCode is null ? exit.Error ?? status : status);
        }

        json.WriteNumber("durationMs"u8, exit.DurationMs);
        WriteFlag(json, "timedOut", exit.TimedOut);
        WriteFlag(json, "truncated", exit.Truncated);
        WriteFlag(json, "oomKilled", exit.OomKilled);
        if (exit.Signal is { } number)
        {
            json.WriteNumber("signal"u8, number);
        }

        if (reason is not null)
        {
            json.WriteString("reason"u8, reason);
        }
    }

    private static void WriteFlag(Utf8JsonWriter json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, value);
        }
    }

    private ValueTask SendAsync<T>(ReadOnlySpan<byte> name, T value, Action<Utf8JsonWriter, T> write, CancellationToken cancellationToken)
    {
        _message.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_message))
        {
            json.WriteStartObject();
            json.WriteStartObject("event"u8);
            json.WriteStartObject(name);
            write(json, value);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.SendAsync(_message.WrittenMemory, cancellationToken);
    }
}
