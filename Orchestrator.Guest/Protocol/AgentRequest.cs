using System.Text.Json;

namespace Orchestrator.Guest.Protocol;

/// <summary>An operation for the agent, the payload of the <see cref="FrameType.Request"/> frame that begins each of its
/// connections. Exactly one member is set.</summary>
/// <param name="Process">Start a process.</param>
/// <param name="File">Read, write or look at files.</param>
/// <param name="Watch">Watch a folder.</param>
/// <param name="Reset">Kill every process of the code's user and empty the workspace.</param>
internal sealed record AgentRequest(
    ProcessRequest? Process = null, FileRequest? File = null, WatchRequest? Watch = null, ResetRequest? Reset = null)
{
    /// <exception cref="FrameException">Malformed, not exactly one operation, or a value out of its range.</exception>
    public static AgentRequest Parse(ReadOnlySpan<byte> payload)
    {
        AgentRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(payload, AgentJson.Default.AgentRequest);
        }
        catch (JsonException error)
        {
            throw new FrameException($"The request is not the JSON expected: {error.Message}");
        }

        if (request is null || new object?[] { request.Process, request.File, request.Watch, request.Reset }.Count(part => part is not null) != 1)
        {
            throw new FrameException("The request must hold exactly one operation.");
        }

        return request.Process?.Problem() is { } problem ? throw new FrameException(problem) : request;
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, AgentJson.Default.AgentRequest);
}

/// <summary>Ends everything of the code's user; has no settings.</summary>
internal sealed record ResetRequest;
