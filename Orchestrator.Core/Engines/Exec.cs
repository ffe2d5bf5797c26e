namespace Orchestrator.Core.Engines;

/// <summary>A command to run in a runner.</summary>
/// <param name="Command">The program and its arguments; at least one.</param>
/// <param name="Stdin">The standard input; null for nothing.</param>
/// <param name="Environment">Variables besides the runner's own.</param>
/// <param name="Timeout">How long it may run.</param>
/// <param name="MaxOutputBytes">How much of each stream is passed on; the rest is dropped.</param>
public sealed record ExecRequest(
    IReadOnlyList<string> Command,
    string? Stdin,
    IReadOnlyDictionary<string, string> Environment,
    TimeSpan Timeout,
    int MaxOutputBytes = 1 << 20)
{
    /// <summary>Where it runs; relative paths are below the runner's home. Null for the home itself.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The code that <see cref="Command"/> runs, for a guest to run from a file instead; null for a plain command.</summary>
    public CodeSnippet? Code { get; init; }
}

/// <summary>Code to run.</summary>
/// <param name="Language"><c>python</c>, <c>bash</c> or <c>javascript</c>.</param>
/// <param name="Text">The code.</param>
public sealed record CodeSnippet(string Language, string Text)
{
    /// <summary>The command that runs it where no guest can write it to a file.</summary>
    public IReadOnlyList<string> ToCommand() => Language switch
    {
        "python" => ["python3", "-c", Text],
        "javascript" => ["node", "-e", Text],
        _ => [Language, "-c", Text],
    };
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code, 128 + n for signal n; null when it timed out.</param>
/// <param name="Duration">How long it ran.</param>
/// <param name="TimedOut">Whether it timed out.</param>
/// <param name="Truncated">Whether output was dropped.</param>
/// <param name="StillRunning">
/// True when the engine could not confirm that the command is dead; the runner has to be removed.
/// </param>
public sealed record ExecResult(int? ExitCode, TimeSpan Duration, bool TimedOut, bool Truncated, bool StillRunning = false)
{
    /// <summary>Why it did not start, or why its exit code is unknown, for display; null otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it was killed because the runner ran out of memory.</summary>
    public bool OomKilled { get; init; }
}

/// <summary>The stream that a command's output came from.</summary>
public enum OutputStream
{
    /// <summary>Standard output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}

/// <summary>Takes a command's output, or a log, as it is produced. Calls never overlap.</summary>
public interface IExecOutput
{
    /// <summary>
    /// Called once, before any output, when the command was started or the log was opened. A failure to start or open is
    /// thrown before this call; a failure after it interrupted the command or the copy.
    /// </summary>
    ValueTask BeginAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Accepts a piece of output; the memory is valid until the call completes.</summary>
    ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);
}
