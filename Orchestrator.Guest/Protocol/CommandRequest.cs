using System.Text.Json;

namespace Orchestrator.Guest.Protocol;

/// <summary>A command for the supervisor, the payload of a <see cref="FrameType.Request"/> frame.</summary>
/// <param name="Command">The program (looked up in <c>PATH</c> unless it has a slash) and its arguments; not empty.</param>
/// <param name="Env">Added to the environment of the supervisor, or replacing parts of it.</param>
/// <param name="WorkingDirectory">Absolute; the supervisor's own when null.</param>
/// <param name="TimeoutMs">Milliseconds after which the command and all its descendants are killed, from 1 to 2^31 - 1.</param>
/// <param name="MaxOutputBytes">Bytes passed on of standard output, and as many of standard error; further bytes
/// are read and dropped.</param>
public sealed record CommandRequest(
    IReadOnlyList<string> Command,
    IReadOnlyDictionary<string, string>? Env = null,
    string? WorkingDirectory = null,
    long TimeoutMs = CommandRequest.DefaultTimeoutMs,
    long MaxOutputBytes = CommandRequest.DefaultMaxOutputBytes)
{
    /// <summary>One minute.</summary>
    public const long DefaultTimeoutMs = 60_000;

    /// <summary>1 MiB.</summary>
    public const long DefaultMaxOutputBytes = 1024 * 1024;

    /// <summary>Reads the payload of a <see cref="FrameType.Request"/> frame.</summary>
    /// <exception cref="FrameException">Malformed, or a value out of its range; the message names it.</exception>
    public static CommandRequest Parse(ReadOnlySpan<byte> payload)
    {
        CommandRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(payload, ProtocolJson.Default.CommandRequest);
        }
        catch (JsonException error)
        {
            throw new FrameException($"The request is not the JSON expected: {error.Message}");
        }

        if (request?.Problem() is { } problem)
        {
            throw new FrameException(problem);
        }

        return request ?? throw new FrameException("The request is null.");
    }

    /// <summary>What is wrong with the request, or null.</summary>
    public string? Problem() => this switch
    {
        { Command: null or [] } or { Command: ["", ..] } => "command must name a program.",
        { TimeoutMs: <= 0 or > int.MaxValue } => "timeoutMs must be from 1 to 2147483647.",
        { MaxOutputBytes: < 0 } => "maxOutputBytes must not be negative.",
        _ when Command.Any(part => part is null || part.Contains('\0')) => "command must hold strings without NUL characters.",
        _ when Env?.Any(entry => entry.Key is "" || entry.Key.Contains('=') || (entry.Key + entry.Value).Contains('\0')) == true
            => "env must hold names without '=', and no NUL characters.",
        _ when WorkingDirectory?.Contains('\0') == true => "workingDirectory must not hold NUL characters.",
        _ => null,
    };
}
