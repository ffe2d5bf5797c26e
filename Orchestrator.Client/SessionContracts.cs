using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>The body of a provision; every field may be left out.</summary>
/// <param name="SessionId">The session; overrides <c>X-Session-Id</c>. A new id is generated when both are missing.</param>
/// <param name="NetworkMode"><c>none</c> for a runner without a network.</param>
public sealed record ProvisionRequest(string? SessionId = null, string? NetworkMode = null);

/// <summary>The body of a deprovision or heartbeat.</summary>
/// <param name="SessionId">The session; overrides <c>X-Session-Id</c>.</param>
public sealed record SessionRequest(string? SessionId = null);

/// <summary>A session's runner.</summary>
/// <param name="Message">The result, for people.</param>
/// <param name="Endpoint">The runner's address.</param>
/// <param name="SessionId">The session.</param>
/// <param name="RunnerId">The runner.</param>
/// <param name="Token">The bearer token for the runner's own interface; left out when it was lost with the store.</param>
/// <param name="ExpiresAt">When the lease expires unless a heartbeat or a command extends it.</param>
/// <param name="Isolated">False when code in the runner is not isolated from its host and other runners; left out otherwise.</param>
public sealed record ProvisionResponse(
    string Message,
    string? Endpoint,
    string SessionId,
    string RunnerId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token,
    DateTimeOffset? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Isolated = null);

/// <summary>The result of a call.</summary>
/// <param name="Message">A sentence for people.</param>
public sealed record MessageResponse(string Message);

/// <summary>A page of the runners, oldest first.</summary>
/// <param name="Runners">The runners.</param>
/// <param name="Next">The <c>cursor</c> of the next page; left out on the last one.</param>
public sealed record RunnerList(
    IReadOnlyList<RunnerEntry> Runners, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next = null);

/// <summary>A runner, without its secrets.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Template">The template: <c>session</c>, <c>machine</c>, or one of the operator's.</param>
/// <param name="State"><c>creating</c>, <c>idle</c>, <c>leased</c> or <c>removing</c>.</param>
/// <param name="Owner">Its owner; null when it has none.</param>
/// <param name="Endpoint">Its address; null while it has no port.</param>
/// <param name="ContainerId">The engine's id; null while it has none.</param>
/// <param name="Image">The image it was made from.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When its lease expires; null for never.</param>
public sealed record RunnerEntry(
    string Id,
    string Template,
    string State,
    OwnerEntry? Owner,
    string? Endpoint,
    string? ContainerId,
    string? Image,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt);

/// <summary>A runner's owner.</summary>
/// <param name="Tenant">Its tenant.</param>
/// <param name="Kind"><c>session</c>, <c>machine</c> or <c>task</c>.</param>
/// <param name="Id">The session's, project's or task's id.</param>
public sealed record OwnerEntry(string Tenant, string Kind, string Id);

/// <summary>A command to run in a session's runner, or code.</summary>
/// <param name="Command">The program and its arguments, 1 to 1,024.</param>
/// <param name="Stdin">Its standard input.</param>
/// <param name="Env">Variables besides the runner's own.</param>
/// <param name="TimeoutSeconds">
/// How long it may run: more than 0, at most 3,600, 60 when left out; a command in the background runs without limit then.
/// </param>
/// <param name="Cwd">Where it runs; relative paths are below the runner's home.</param>
/// <param name="Encoding">How output is answered: <c>utf8</c>, the default, or <c>base64</c>.</param>
/// <param name="Background">Whether to answer as soon as it runs (202, <see cref="BackgroundResponse"/>).</param>
/// <param name="Language">With <paramref name="Code"/> in place of <paramref name="Command"/>: <c>python</c>, <c>bash</c> or <c>javascript</c>.</param>
/// <param name="Code">Code, which runs from a file.</param>
public sealed record ExecBody(
    IReadOnlyList<string?>? Command = null,
    string? Stdin = null,
    IReadOnlyDictionary<string, string?>? Env = null,
    double? TimeoutSeconds = null,
    string? Cwd = null,
    string? Encoding = null,
    bool? Background = null,
    string? Language = null,
    string? Code = null);

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code; null when it timed out, or when it is unknown.</param>
/// <param name="Stdout">Its standard output, as text or in base64.</param>
/// <param name="Stderr">Its standard error, likewise.</param>
/// <param name="DurationMs">How long it ran.</param>
/// <param name="TimedOut">Whether it timed out.</param>
/// <param name="Truncated">Whether output over 1 MiB per stream was dropped.</param>
/// <param name="Error">Why it could not start, or why its exit code is unknown; left out otherwise.</param>
/// <param name="OomKilled">Whether it was killed because the runner ran out of memory; left out when it was not.</param>
public sealed record ExecResponse(
    int? ExitCode,
    string Stdout,
    string Stderr,
    double DurationMs,
    bool TimedOut,
    bool Truncated,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool OomKilled = false);
