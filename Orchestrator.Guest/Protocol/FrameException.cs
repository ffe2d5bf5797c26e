namespace Orchestrator.Guest.Protocol;

/// <summary>The other side sent an invalid frame, or a frame in the wrong place. The stream is unreadable from here on:
/// drop the connection.</summary>
public sealed class FrameException(string message) : Exception(message);
