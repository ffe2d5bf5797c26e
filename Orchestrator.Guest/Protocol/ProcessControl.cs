using System.Text.Json;

namespace Orchestrator.Guest.Protocol;

/// <summary>The payload of a <see cref="FrameType.Control"/> frame: a signal, or a terminal's new size.</summary>
/// <param name="Signal">1 to 64.</param>
/// <param name="Tree">Whether to signal the whole group and everything it started, not the process alone.</param>
/// <param name="GraceMs">Milliseconds after which what is left is killed; null is never.</param>
/// <param name="Resize">The terminal's new size.</param>
internal sealed record ProcessControl(int? Signal = null, bool Tree = false, int? GraceMs = null, TerminalSize? Resize = null)
{
    /// <exception cref="FrameException">Malformed, or a value out of its range.</exception>
    public static ProcessControl Parse(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, AgentJson.Default.ProcessControl) is { } control
                && control is { Signal: null or (> 0 and <= 64), GraceMs: null or >= 0 }
                && control.Resize?.Problem() is null
                    ? control
                    : throw new FrameException("The control holds a value out of its range.");
        }
        catch (JsonException error)
        {
            throw new FrameException($"The control is not the JSON expected: {error.Message}");
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, AgentJson.Default.ProcessControl);
}

/// <summary>The payload of a <see cref="FrameType.Start"/> frame of a process.</summary>
internal sealed record StartedProcess(int Pid);
