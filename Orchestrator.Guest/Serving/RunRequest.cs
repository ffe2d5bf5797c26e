using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Processes;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary>The body of <c>POST /run</c>.</summary>
internal sealed record RunRequest(string? Language, string? Code, double? TimeoutSeconds)
{
    public const int MaxBodyBytes = 1024 * 1024;
    public const double MaxTimeoutSeconds = 3600;
    public const double DefaultTimeoutSeconds = 60;

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

    /// <summary>Its life in milliseconds.</summary>
    [JsonIgnore]
    public long TimeoutMs => Math.Max(1, (long)Math.Ceiling((TimeoutSeconds ?? DefaultTimeoutSeconds) * 1000));

    /// <summary>The process that runs the code, in the foreground.</summary>
    public StartRequest ToProcess() => new(
        Stdin: false, Foreground: true, MaxOutputBytes: CommandRequest.DefaultMaxOutputBytes, Code: new CodeText(Language!, Code!));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RunRequest))]
internal sealed partial class ServingJson : JsonSerializerContext;
