using System.Text;
using Orchestrator.Client;
using Orchestrator.Core.Engines;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Validates a command before it reaches a runner.</summary>
internal static class ExecInput
{
    private const int MaxArguments = 1024;
    private const int MaxVariables = 256;
    private const double MaxSeconds = 3600;
    private const double DefaultSeconds = 60;

    // The longest argument or variable that Linux accepts, its terminator included (MAX_ARG_STRLEN).
    private const int MaxStringBytes = 131_072;

    /// <summary>The command to run.</summary>
    /// <exception cref="InvalidInputException">A field is missing or out of its range.</exception>
    public static ExecRequest Read(ExecBody? body) => new(
        ReadCommand(body?.Command),
        body?.Stdin,
        ReadEnvironment(body?.Env),
        ReadTimeout(body?.TimeoutSeconds));

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

    private static TimeSpan ReadTimeout(double? seconds) => seconds switch
    {
        null => TimeSpan.FromSeconds(DefaultSeconds),
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
