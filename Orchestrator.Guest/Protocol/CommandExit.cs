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
public sealed record CommandExit(
    int? ExitCode,
    bool TimedOut,
    bool Truncated,
    double DurationMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null)
{
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
