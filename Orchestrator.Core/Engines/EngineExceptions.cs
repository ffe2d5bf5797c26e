namespace Orchestrator.Core.Engines;

/// <summary>The engine refused or failed.</summary>
public class EngineException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The engine is unreachable or did not answer in time. Whether the call took effect is unknown.</summary>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>The image of a template is missing.</summary>
public sealed class RunnerImageMissingException(string image, Exception? inner = null)
    : EngineException($"Image {image} not found.", inner)
{
    /// <summary>The image's name.</summary>
    public string Image { get; } = image;
}

/// <summary>Another process holds the port that a runner was to be published at.</summary>
public sealed class PortTakenException(int port, Exception? inner = null)
    : EngineException($"Port {port} is taken.", inner)
{
    /// <summary>The port.</summary>
    public int Port { get; } = port;
}

/// <summary>A runner died at its start, or was not ready in time.</summary>
public sealed class RunnerNotReadyException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>A runner is no longer running.</summary>
public sealed class RunnerGoneException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>The engine's freezer holds the runner; nothing was begun.</summary>
/// <param name="message">What happened.</param>
/// <param name="inner">What caused it.</param>
public sealed class RunnerPausedException(string message, Exception? inner = null) : EngineException(message, inner);
