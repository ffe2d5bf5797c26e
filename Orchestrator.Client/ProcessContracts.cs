using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>A command that runs in the background.</summary>
/// <param name="Pid">Its process id in the runner.</param>
/// <param name="StartedAt">When it started.</param>
public sealed record BackgroundResponse(int Pid, DateTimeOffset StartedAt);

/// <summary>The processes of a session's runner.</summary>
/// <param name="Processes">The live ones, and those that ended within ten minutes.</param>
public sealed record ProcessList(IReadOnlyList<RunnerProcess> Processes);

/// <summary>A process of a session's runner, as exec, tasks and terminals start them.</summary>
/// <param name="Pid">Its process id in the runner.</param>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Cwd">Its working directory at the start.</param>
/// <param name="StartedAt">When it started, by the runner's clock.</param>
/// <param name="EndedAt">When it ended; left out while it runs.</param>
/// <param name="ExitCode">Its exit code; left out while it runs.</param>
/// <param name="OomKilled">Whether it was killed because the runner ran out of memory; left out when it was not.</param>
/// <param name="CpuSeconds">The processor time it used.</param>
/// <param name="MemoryBytes">Its resident memory.</param>
/// <param name="Terminal">Whether it runs in a terminal, to which the terminal call attaches; left out when it does not.</param>
public sealed record RunnerProcess(
    int Pid,
    IReadOnlyList<string> Command,
    string? Cwd,
    DateTimeOffset? StartedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? EndedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ExitCode,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool OomKilled,
    double CpuSeconds,
    long MemoryBytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Terminal);
