namespace Orchestrator.Guest.Protocol;

/// <summary>The other side sent what is no frame, or a frame where it may not stand. The stream cannot be read on:
/// drop the connection.</summary>
public sealed class FrameException(string message) : Exception(message);
