namespace Orchestrator.Guest.Protocol;

/// <summary>A process for the agent to start.</summary>
/// <param name="Command">The program (looked up in <c>PATH</c> unless it has a slash) and its arguments; empty when there is <paramref name="Code"/>.</param>
/// <param name="Env">Added to the environment of every command, or replacing parts of it.</param>
/// <param name="Cwd">The working directory; relative paths and <c>~</c> are the home's; null is the home itself.</param>
/// <param name="TimeoutMs">Milliseconds after which it and everything it started are killed; 0 is never.</param>
/// <param name="MaxOutputBytes">Bytes passed on of each stream; further ones are read and dropped.</param>
/// <param name="Foreground">Whether the connection's end kills it and everything it started.</param>
/// <param name="Terminal">The size of its terminal; null gives it pipes.</param>
/// <param name="Code">Code to run from a file instead of a command.</param>
internal sealed record ProcessRequest(
    IReadOnlyList<string> Command,
    IReadOnlyDictionary<string, string>? Env = null,
    string? Cwd = null,
    long TimeoutMs = 0,
    long MaxOutputBytes = long.MaxValue,
    bool Foreground = false,
    TerminalSize? Terminal = null,
    CodeText? Code = null)
{
    /// <summary>What is wrong with the request, or null.</summary>
    public string? Problem() => this switch
    {
        { Code: { } code } => code.Problem() ?? EnvironmentProblem(),
        { Command: null or [] } or { Command: ["", ..] } => "The command must name a program.",
        { TimeoutMs: < 0 } => "The time-out must not be negative.",
        { MaxOutputBytes: < 0 } => "maxOutputBytes must not be negative.",
        _ when Command.Any(part => part is null || part.Contains('\0')) => "The command must hold strings without NUL characters.",
        _ => EnvironmentProblem(),
    };

    private string? EnvironmentProblem() => this switch
    {
        { Terminal: { } size } when size.Problem() is { } problem => problem,
        _ when Env?.Any(entry => entry.Key is "" || entry.Key.Contains('=') || (entry.Key + entry.Value).Contains('\0')) == true
            => "Environment variables must have names without '=', and no NUL characters.",
        _ when Cwd?.Contains('\0') == true => "The working directory must not hold NUL characters.",
        _ => null,
    };
}

/// <summary>A terminal's size in characters.</summary>
internal sealed record TerminalSize(int Cols, int Rows)
{
    public string? Problem() => Cols is > 0 and <= ushort.MaxValue && Rows is > 0 and <= ushort.MaxValue
        ? null
        : $"A terminal's size must be from 1 to {ushort.MaxValue} columns and rows.";
}

/// <summary>A program's text.</summary>
/// <param name="Language"><c>python</c>, <c>javascript</c> or <c>bash</c>.</param>
/// <param name="Text">The text; a byte order mark is dropped.</param>
internal sealed record CodeText(string Language, string Text)
{
    public string? Problem() => Language is "python" or "javascript" or "bash"
        ? null
        : "The language must be python, javascript or bash.";
}
