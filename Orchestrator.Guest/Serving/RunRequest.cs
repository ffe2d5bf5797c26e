using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary>The body of <c>POST /run</c>.</summary>
internal sealed record RunRequest(string? Language, string? Code, double? TimeoutSeconds)
{
    public const int MaxBodyBytes = 1024 * 1024;
    public const double MaxTimeoutSeconds = 3600;
    public const double DefaultTimeoutSeconds = 60;

    /// <summary>The kernel accepts no single argument of 128 KiB or more.</summary>
    private const int ArgumentLimit = 100 * 1024;

    private static readonly Dictionary<string, string> Unbuffered = new() { ["PYTHONUNBUFFERED"] = "1" };

    /// <summary>The problem, as code and text; null when there is none.</summary>
    public (string Code, string Message)? Problem() => this switch
    {
        { Language: not ("python" or "bash" or "javascript") } =>
            ("LANGUAGE_UNSUPPORTED", "language must be \"python\", \"bash\" or \"javascript\"."),
        { Code: null } => ("CODE_REQUIRED", "code must be text."),
        { Code: var code } when code.Contains('\0') => ("CODE_INVALID", "code must not hold NUL characters."),
        { TimeoutSeconds: { } seconds } when !(seconds is > 0 and <= MaxTimeoutSeconds) =>
            ("TIMEOUT_INVALID", $"timeoutSeconds must be above 0 and at most {MaxTimeoutSeconds}."),
        _ => null,
    };

    /// <summary>The command that runs the code, and its standard input.</summary>
    /// <remarks>Python and Node read a program from standard input whole before they run it. bash would read it line by
    /// line, and the code's own commands would consume the rest of it; so it gets an argument, or evaluates its input.</remarks>
    public (CommandRequest Request, byte[] Input) ToCommand()
    {
        var code = Encoding.UTF8.GetBytes(Code!);
        var (command, input) = Language switch
        {
            "python" => (["python3", "-u", "-"], code),
            "javascript" => (["node", "-"], code),
            _ when code.Length <= ArgumentLimit => (["bash", "-c", Code!], []),
            _ => (new[] { "bash", "-c", "eval \"$(cat)\"" }, code),
        };
        var timeout = Math.Max(1, (long)Math.Ceiling((TimeoutSeconds ?? DefaultTimeoutSeconds) * 1000));
        return (new CommandRequest(command, Unbuffered, TimeoutMs: timeout), input);
    }
}

/// <summary>An error's body.</summary>
internal sealed record Problem(string Error, string Message);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ServingJson : JsonSerializerContext;
