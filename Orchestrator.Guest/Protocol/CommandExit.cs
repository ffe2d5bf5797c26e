using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

/// <summary>How a command ended, the payload of a <see cref="FrameType.Exit"/> frame and the data of an
/// <c>exit</c> event.</summary>
/// <param name="ExitCode">The command's own; 128 + n after signal n; 127 when there is no such program, 126 when it
/// cannot be executed; null after a time-out and when it is unknown.</param>
/// <param name="TimedOut">Whether the deadline killed it.</param>
/// <param name="Truncated">Whether output was dropped because a stream went over its limit.</param>
/// <param name="DurationMs">Milliseconds from its start to its end.</param>
/// <param name="Error">Why there is no ordinary exit code, for display; else null.</param>
/// <param name="Signal">The signal that killed it; null when it exited by itself.</param>
/// <param name="OomKilled">Whether the kernel killed it because memory ran out.</param>
/// <param name="CpuSeconds">Processor time of it and the children it waited for, in seconds.</param>
/// <param name="MemoryBytes">Its largest resident memory, in bytes.</param>
/// <param name="Code">The Connect code of an operation that the agent refused; else null.</param>
public sealed record CommandExit(
    int? ExitCode,
    bool TimedOut,
    bool Truncated,
    double DurationMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Signal = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool OomKilled = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double CpuSeconds = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long MemoryBytes = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code = null)
{
    /// <summary>The payload of a <see cref="FrameType.Exit"/> frame.</summary>
    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ProtocolJson.Default.CommandExit);

    /// <summary>Reads the payload of a <see cref="FrameType.Exit"/> frame.</summary>
    /// <exception cref="FrameException">Malformed.</exception>
    public static CommandExit Parse(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, ProtocolJson.Default.CommandExit)
                ?? throw new FrameException("The exit is null.");
        }
        catch (JsonException error)
        {
            throw new FrameException($"The exit is not the JSON expected: {error.Message}");
        }
    }
}
