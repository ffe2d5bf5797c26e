namespace Orchestrator.Client;

/// <summary>An event of a running command: output, and finally its end.</summary>
public abstract record ExecEvent
{
    /// <summary>Where a reader that is cut off after this event goes on; null where the call has no such place.</summary>
    public long? Offset { get; init; }
}

/// <summary>Standard output.</summary>
/// <param name="Text">A piece of it: text, or base64 where the command asks for it.</param>
public sealed record StdoutEvent(string Text) : ExecEvent;

/// <summary>Standard error.</summary>
/// <param name="Text">A piece of it: text, or base64 where the command asks for it.</param>
public sealed record StderrEvent(string Text) : ExecEvent;

/// <summary>The command has ended; the last event.</summary>
/// <param name="ExitCode">Its exit code; null when it timed out, or when it is unknown.</param>
/// <param name="DurationMs">How long it ran.</param>
/// <param name="TimedOut">Whether it timed out.</param>
/// <param name="Truncated">Whether output over 1 MiB per stream was dropped.</param>
/// <param name="Error">Why there is no ordinary exit code; null otherwise.</param>
/// <param name="OomKilled">Whether it was killed because the runner ran out of memory.</param>
public sealed record ExitEvent(
    int? ExitCode, double DurationMs, bool TimedOut, bool Truncated, string? Error = null, bool OomKilled = false) : ExecEvent;
