using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>Runs a command or a code snippet in a runner that is leased for it and then released.</summary>
public sealed partial class RunHandler(ITaskRunners runners) : ITaskHandler
{
    /// <summary>The type's name.</summary>
    public const string Name = "run";

    // Each stream; as JSON, even of control characters only, both stay below the largest result.
    private const int MaxOutputBytes = 256 << 10;

    private const int MaxArguments = 1_024;
    private const int MaxArgumentBytes = 131_000;
    private const double MaxSeconds = 3_600;
    private const double DefaultSeconds = 60;

    /// <inheritdoc />
    public string Type => Name;

    /// <inheritdoc />
    public TimeSpan TimeLimit => TimeSpan.FromSeconds(MaxSeconds + 120);

    /// <inheritdoc />
    public string InputSchema => """
        {"type":"object","additionalProperties":false,"oneOf":[{"required":["command"]},{"required":["language","code"]}],"properties":{
        "command":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":1024},
        "language":{"enum":["python","bash","javascript"]},
        "code":{"type":"string"},
        "stdin":{"type":"string"},
        "env":{"type":"object","additionalProperties":{"type":"string"}},
        "timeoutSeconds":{"type":"number","exclusiveMinimum":0,"maximum":3600,"default":60}}}
        """;

    /// <inheritdoc />
    public string? Refuse(JsonElement input) => Read(input).Problem;

    /// <inheritdoc />
    public async ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context)
    {
        var (command, problem) = Read(input);
        if (command is null)
        {
            throw new TaskFailedException(problem!, retry: false);
        }

        var output = await runners.RunAsync(context.Tenant, context.TaskId, command, context.CancellationToken);
        return JsonSerializer.Serialize(output, RunJson.Default.TaskRunOutput);
    }

    private static (ExecRequest? Command, string? Problem) Read(JsonElement input)
    {
        if (TaskInput.Problem(input, "command", "language", "code", "stdin", "env", "timeoutSeconds") is { } shape)
        {
            return (null, shape);
        }

        RunInput read;
        try
        {
            read = input.Deserialize(RunJson.Default.RunInput)!;
        }
        catch (JsonException e)
        {
            return (null, $"{(e.Path is ['$', '.', .. var field] ? field : "input")} has the wrong type.");
        }

        if (Problem(read) is { } problem)
        {
            return (null, problem);
        }

        var code = read.Command is null ? new CodeSnippet(read.Language!, read.Code!) : null;
        return (new ExecRequest(
            code?.ToCommand() ?? [.. read.Command!.OfType<string>()],
            read.Stdin,
            read.Env ?? [],
            TimeSpan.FromSeconds(Math.Max(0.001, read.TimeoutSeconds ?? DefaultSeconds)),
            MaxOutputBytes)
        {
            Code = code,
        }, null);
    }

    private static string? Problem(RunInput input) => input switch
    {
        { Command: null, Code: null } => "command, or language and code, is required.",
        { Command: not null, Code: not null } or { Command: not null, Language: not null } => "command can't be given together with language and code.",
        { Command: [] or [null or "", ..] } => "command[0] must name a program.",
        { Command.Count: > MaxArguments } => $"command has more than {MaxArguments} entries.",
        { Command: null, Language: not ("python" or "bash" or "javascript") } => "language must be python, bash or javascript.",
        { TimeoutSeconds: <= 0 or > MaxSeconds } => $"timeoutSeconds must be more than 0 and at most {MaxSeconds}.",
        { Env: { } env } when env.Any(one => !IsName(one.Key)) => "env has a name that is not made of letters, digits and '_', the first no digit.",
        { Env: { } env } when env.Any(one => !IsArgument(one.Value)) => "env has a value that is too long, or no text.",
        { Command: { } command } when command.Any(argument => !IsArgument(argument)) => "command has an entry that is too long, or no text.",
        { Code: { } code } when !IsArgument(code) => $"code is longer than {MaxArgumentBytes} bytes, or no text.",
        _ => null,
    };

    private static bool IsArgument(string? text) =>
        text is not null && !text.Contains('\0') && Encoding.UTF8.GetByteCount(text) <= MaxArgumentBytes;

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 256 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private sealed record RunInput(
        IReadOnlyList<string?>? Command = null,
        string? Language = null,
        string? Code = null,
        string? Stdin = null,
        Dictionary<string, string>? Env = null,
        double? TimeoutSeconds = null);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(RunInput))]
    [JsonSerializable(typeof(TaskRunOutput))]
    private sealed partial class RunJson : JsonSerializerContext;
}
