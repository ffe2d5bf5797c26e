using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Engines.Guests;

// The guest's messages (docs/contract/e2b.md, section 3, and what docs/contract/sandbox.md adds) as this side needs them. Everything
// in an answer may be missing.
internal sealed record WireProcessConfig(
    string? Cmd = null,
    IReadOnlyList<string>? Args = null,
    IReadOnlyDictionary<string, string>? Envs = null,
    string? Cwd = null);

internal sealed record WireCodeConfig(string Language, string Text);

internal sealed record WirePtySize(int Cols, int Rows);

internal sealed record WirePty(WirePtySize Size);

internal sealed record WireStartRequest
{
    public WireProcessConfig? Process { get; init; }

    public WireCodeConfig? Code { get; init; }

    public WirePty? Pty { get; init; }

    public bool? Stdin { get; init; }

    public bool? Foreground { get; init; }

    public byte[]? Input { get; init; }

    public long? MaxOutputBytes { get; init; }
}

internal sealed record WireProcessSelector(int Pid);

internal sealed record WireConnectRequest(WireProcessSelector Process, string? Since = null);

internal sealed record WireListRequest(bool Ended);

internal sealed record WireProcessInput(byte[]? Stdin = null, byte[]? Pty = null);

internal sealed record WireSendInputRequest(WireProcessSelector Process, WireProcessInput Input);

internal sealed record WireSelectRequest(WireProcessSelector Process);

internal sealed record WireUpdateRequest(WireProcessSelector Process, WirePty Pty);

internal sealed record WireSignalRequest(WireProcessSelector Process, int Signal, bool Tree, long? GraceMs);

internal sealed record WireStartedEvent(int Pid = 0);

internal sealed record WireDataEvent(byte[]? Stdout = null, byte[]? Stderr = null, byte[]? Pty = null, long? Offset = null);

internal sealed record WireEndEvent
{
    public int? ExitCode { get; init; }

    public bool Exited { get; init; }

    public string? Status { get; init; }

    public double DurationMs { get; init; }

    public bool TimedOut { get; init; }

    public bool Truncated { get; init; }

    public bool OomKilled { get; init; }

    public string? Reason { get; init; }
}

internal sealed record WireProcessEvent(WireStartedEvent? Start = null, WireDataEvent? Data = null, WireEndEvent? End = null, long? Offset = null);

internal sealed record WireProcessResponse(WireProcessEvent? Event = null);

internal sealed record WireProcessInfo
{
    public WireProcessConfig? Config { get; init; }

    public int Pid { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public int? ExitCode { get; init; }

    public bool OomKilled { get; init; }

    public double CpuSeconds { get; init; }

    public long MemoryBytes { get; init; }

    public bool Terminal { get; init; }
}

internal sealed record WireListResponse(IReadOnlyList<WireProcessInfo>? Processes = null);

internal sealed record WirePathRequest(string Path);

internal sealed record WireListDirRequest(string Path, int Depth);

internal sealed record WireMoveRequest(string Source, string Destination);

internal sealed record WireWatchRequest(string Path, bool Recursive);

internal sealed record WireEntryInfo
{
    public string Name { get; init; } = "";

    public string? Type { get; init; }

    public string Path { get; init; } = "";

    public long Size { get; init; }

    public int Mode { get; init; }

    public string? Permissions { get; init; }

    public string? Owner { get; init; }

    public string? Group { get; init; }

    public DateTimeOffset? ModifiedTime { get; init; }

    public string? SymlinkTarget { get; init; }
}

internal sealed record WireEntryResponse(WireEntryInfo? Entry = null);

internal sealed record WireListDirResponse(IReadOnlyList<WireEntryInfo>? Entries = null);

internal sealed record WireFilesystemEvent(string Name = "", string? Type = null);

internal sealed record WireEmpty;

internal sealed record WireWatchResponse(WireEmpty? Start = null, WireFilesystemEvent? Filesystem = null);

internal sealed record WireErrorAnswer(JsonElement? Code = null, string? Message = null);

internal sealed record WireTrailer(WireErrorAnswer? Error = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WireStartRequest))]
[JsonSerializable(typeof(WireConnectRequest))]
[JsonSerializable(typeof(WireListRequest))]
[JsonSerializable(typeof(WireSendInputRequest))]
[JsonSerializable(typeof(WireSelectRequest))]
[JsonSerializable(typeof(WireUpdateRequest))]
[JsonSerializable(typeof(WireSignalRequest))]
[JsonSerializable(typeof(WireProcessResponse))]
[JsonSerializable(typeof(WireListResponse))]
[JsonSerializable(typeof(WirePathRequest))]
[JsonSerializable(typeof(WireListDirRequest))]
[JsonSerializable(typeof(WireMoveRequest))]
[JsonSerializable(typeof(WireWatchRequest))]
[JsonSerializable(typeof(WireEntryResponse))]
[JsonSerializable(typeof(WireListDirResponse))]
[JsonSerializable(typeof(WireWatchResponse))]
[JsonSerializable(typeof(WireErrorAnswer))]
[JsonSerializable(typeof(WireTrailer))]
internal sealed partial class GuestJson : JsonSerializerContext;
