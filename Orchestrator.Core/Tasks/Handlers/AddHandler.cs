using System.Text.Json;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>Adds two numbers, exactly.</summary>
public sealed class AddHandler : ITaskHandler
{
    /// <summary>The type's name.</summary>
    public const string Name = "add";

    /// <inheritdoc />
    public string Type => Name;

    /// <inheritdoc />
    public string InputSchema => """
        {"type":"object","required":["a","b"],"additionalProperties":false,"properties":{
        "a":{"type":["number","string"],"description":"An integer of up to 4,096 digits, or a finite decimal"},
        "b":{"type":["number","string"],"description":"An integer of up to 4,096 digits, or a finite decimal"}}}
        """;

    /// <summary>Adds two numbers as they are written.</summary>
    /// <exception cref="ArgumentException">One of them can't be read; the message says which, and why.</exception>
    public static ExactNumber Add(string? a, string? b) => Read("a", a) + Read("b", b);

    /// <inheritdoc />
    public string? Refuse(JsonElement input)
    {
        if (TaskInput.Problem(input, "a", "b") is { } problem)
        {
            return problem;
        }

        try
        {
            Add(input);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc />
    public ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context)
    {
        try
        {
            return ValueTask.FromResult(Add(input).ToJson());
        }
        catch (ArgumentException e)
        {
            throw new TaskFailedException(e.Message, retry: false, e);
        }
    }

    private static ExactNumber Add(JsonElement input) => Add(Text(input, "a"), Text(input, "b"));

    private static string? Text(JsonElement input, string name) => !input.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
#pragma warning disable CA2208 // The field's name is what callers know.
        _ => throw new ArgumentException($"{name} must be a number."),
#pragma warning restore CA2208
    };

    private static ExactNumber Read(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw new ArgumentException($"{name} is required.");
        }

        return ExactNumber.TryParse(text, out var number) is { } problem
            ? throw new ArgumentException($"{name} {problem}")
            : number;
    }
}
