using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Processes;

// The messages of process.Process (docs/contract/e2b.md, 3.3), and what we add to them.

internal sealed record ProcessConfig(
    string? Cmd = null, IReadOnlyList<string>? Args = null, IReadOnlyDictionary<string, string>? Envs = null, string? Cwd = null);

internal sealed record Pty(TerminalSize? Size = null);

/// <param name="Process">The command.</param>
/// <param name="Pty">Its terminal; null gives it pipes.</param>
/// <param name="Tag">A name to find it by.</param>
/// <param name="Stdin">Whether its standard input stays open; null is yes.</param>
/// <param name="Foreground">Ours: whether the stream's end kills it and everything it started.</param>
/// <param name="Input">Ours: all of its standard input.</param>
/// <param name="MaxOutputBytes">Ours: bytes passed on of each stream.</param>
/// <param name="Code">Ours: code to run in place of a command.</param>
internal sealed record StartRequest(
    ProcessConfig? Process = null,
    Pty? Pty = null,
    string? Tag = null,
    bool? Stdin = null,
    bool Foreground = false,
    byte[]? Input = null,
    long? MaxOutputBytes = null,
    CodeText? Code = null);

internal sealed record ProcessSelector(int? Pid = null, string? Tag = null);

/// <param name="Process">The process.</param>
/// <param name="Since">Ours: the offset after which to begin; null is from now on.</param>
internal sealed record ConnectRequest(ProcessSelector? Process = null, string? Since = null);

internal sealed record UpdateRequest(ProcessSelector? Process = null, Pty? Pty = null);

internal sealed record SendInputRequest(ProcessSelector? Process = null, ProcessInput? Input = null);

internal sealed record ProcessInput(byte[]? Stdin = null, byte[]? Pty = null);

/// <param name="Process">The process.</param>
/// <param name="Signal">A name, <c>SIGNAL_SIGTERM</c>, or a number.</param>
/// <param name="Tree">Ours: whether to signal the whole group and everything it started.</param>
/// <param name="GraceMs">Ours: milliseconds after which to kill.</param>
internal sealed record SendSignalRequest(ProcessSelector? Process = null, JsonElement? Signal = null, bool Tree = false, int? GraceMs = null);

internal sealed record CloseStdinRequest(ProcessSelector? Process = null);

/// <param name="Ended">Ours: whether to list those that ended a short while ago too.</param>
internal sealed record ListRequest(bool Ended = false);

internal sealed record ListResponse(IReadOnlyList<ProcessInfo> Processes);

/// <param name="Config">The command.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Tag">Its name.</param>
/// <param name="StartedAt">When it started; this and all that follows is ours.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="ExitCode">As in the <c>end</c> event.</param>
/// <param name="OomKilled">Whether it was killed because memory ran out.</param>
/// <param name="CpuSeconds">Processor time of its session, or, when it has ended, of it and the children it waited for.</param>
/// <param name="MemoryBytes">Resident memory of its session, or, when it has ended, the most that a process of it had.</param>
/// <param name="Terminal">Whether it has a terminal.</param>
internal sealed record ProcessInfo(
    ProcessConfig Config,
    int Pid,
    string? Tag,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int? ExitCode,
    bool? OomKilled,
    double CpuSeconds,
    long MemoryBytes,
    bool Terminal);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(SendInputRequest))]
[JsonSerializable(typeof(SendSignalRequest))]
[JsonSerializable(typeof(CloseStdinRequest))]
[JsonSerializable(typeof(ListRequest))]
[JsonSerializable(typeof(ListResponse))]
[JsonSerializable(typeof(ConnectEmpty))]
internal sealed partial class ProcessMessageJson : JsonSerializerContext;
