using System.Text;
using Orchestrator.Client;
using Orchestrator.Core.Engines;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>A command as a caller asks for it, validated before it reaches a runner.</summary>
/// <param name="Command">The command.</param>
/// <param name="Timeout">Its time limit as given; null when it was left out.</param>
/// <param name="Base64">Whether output is answered in base64.</param>
/// <param name="Background">Whether the answer comes when it runs.</param>
internal sealed record ExecInput(ExecRequest Command, TimeSpan? Timeout, bool Base64, bool Background)
{
    private const int MaxPath = 4096;
    private const int MaxArguments = 1024;
    private const int MaxVariables = 256;
    private const double MaxSeconds = 3600;
    private const double DefaultSeconds = 60;

    // The longest argument or variable that Linux accepts, its terminator included (MAX_ARG_STRLEN).
    private const int MaxStringBytes = 131_072;

    /// <summary>The command to run.</summary>
    /// <exception cref="InvalidInputException">A field is missing or out of its range.</exception>
    public static ExecInput Read(ExecBody? body)
    {
        var code = ReadCode(body);
        var timeout = ReadTimeout(body?.TimeoutSeconds);
        var command = new ExecRequest(
            code?.ToCommand() ?? ReadCommand(body?.Command), body?.Stdin, ReadEnvironment(body?.Env), timeout ?? TimeSpan.FromSeconds(DefaultSeconds))
        {
            WorkingDirectory = ReadDirectory(body?.Cwd),
            Code = code,
        };
        return new ExecInput(command, timeout, ReadEncoding(body?.Encoding), body?.Background ?? false);
    }

    private static CodeSnippet? ReadCode(ExecBody? body) => body switch
    {
        null or { Code: null, Language: null } => null,
        { Command: not null } => throw InvalidInputException.Field("command", "can't be given together with language and code."),
        { Code: null } => throw new InvalidInputException("FIELD_REQUIRED", "code is required with language."),
        { Language: "python" or "bash" or "javascript" } => new CodeSnippet(body.Language, CheckText("code", body.Code)),
        _ => throw InvalidInputException.Field("language", "must be python, bash or javascript."),
    };

    private static string? ReadDirectory(string? path) => path switch
    {
        null => null,
        "" => throw InvalidInputException.Field("cwd", "must not be empty."),
        { Length: > MaxPath } => throw InvalidInputException.Field("cwd", $"is longer than {MaxPath} characters."),
        _ => CheckText("cwd", path),
    };

    private static bool ReadEncoding(string? encoding) => encoding switch
    {
        null or "utf8" => false,
        "base64" => true,
        _ => throw InvalidInputException.Field("encoding", "must be utf8 or base64."),
    };

    private static string[] ReadCommand(IReadOnlyList<string?>? command)
    {
        if (command is null or [])
        {
            throw new InvalidInputException("FIELD_REQUIRED", "command is required: the program and its arguments.");
        }

        if (command.Count > MaxArguments)
        {
            throw InvalidInputException.Field("command", $"has more than {MaxArguments} entries.");
        }

        if (string.IsNullOrEmpty(command[0]))
        {
            throw InvalidInputException.Field("command[0]", "must name a program.");
        }

        return [.. command.Select((argument, index) => CheckText($"command[{index}]", argument))];
    }

    private static Dictionary<string, string> ReadEnvironment(IReadOnlyDictionary<string, string?>? environment)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (environment is null)
        {
            return variables;
        }

        if (environment.Count > MaxVariables)
        {
            throw InvalidInputException.Field("env", $"has more than {MaxVariables} variables.");
        }

        foreach (var (name, value) in environment)
        {
            if (!IsName(name))
            {
                throw InvalidInputException.Field("env", "has a name that is not made of letters, digits and '_', the first no digit.");
            }

            variables[name] = CheckText($"env.{name}", value);
        }

        return variables;
    }

    private static TimeSpan? ReadTimeout(double? seconds) => seconds switch
    {
        null => null,
        > 0 and <= MaxSeconds => TimeSpan.FromSeconds(Math.Max(0.001, seconds.Value)),
        _ => throw InvalidInputException.Field("timeoutSeconds", $"must be more than 0 and at most {MaxSeconds}."),
    };

    private static string CheckText(string field, string? text)
    {
        if (text is null)
        {
            throw InvalidInputException.Field(field, "must be a string.");
        }

        if (text.Contains('\0'))
        {
            throw InvalidInputException.Field(field, "contains a NUL character.");
        }

        return Encoding.UTF8.GetByteCount(text) < MaxStringBytes - field.Length
            ? text
            : throw InvalidInputException.Field(field, $"is longer than {MaxStringBytes} bytes.");
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 256 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
