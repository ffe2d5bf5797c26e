namespace Orchestrator.Core.Engines;

/// <summary>The engine refused or failed.</summary>
public class EngineException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The engine can't be reached, or does not answer in time. Nothing is known about the call's effect.</summary>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>The image of a template is not there.</summary>
public sealed class RunnerImageMissingException(string image, Exception? inner = null)
    : EngineException($"Image {image} not found.", inner)
{
    /// <summary>The image's name.</summary>
    public string Image { get; } = image;
}

/// <summary>Somebody else holds the port that a runner was to be published at.</summary>
public sealed class PortTakenException(int port, Exception? inner = null)
    : EngineException($"Port {port} is taken.", inner)
{
    /// <summary>The port.</summary>
    public int Port { get; } = port;
}

/// <summary>A runner died at its start, or did not get ready in time.</summary>
public sealed class RunnerNotReadyException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>A runner is not running any more.</summary>
public sealed class RunnerGoneException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>The engine's freezer holds the runner; nothing was begun.</summary>
/// <param name="message">What happened.</param>
/// <param name="inner">What caused it.</param>
public sealed class RunnerPausedException(string message, Exception? inner = null) : EngineException(message, inner);
