using System.Text.Json.Serialization;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>A message that names a path: <c>Stat</c>, <c>MakeDir</c>, <c>Remove</c>.</summary>
internal sealed record PathMessage(string Path = "");

/// <summary><c>Move</c>.</summary>
internal sealed record MoveMessage(string Source = "", string Destination = "");

/// <summary><c>ListDir</c>; a depth of 0 is 1.</summary>
internal sealed record ListMessage(string Path = "", uint Depth = 0);

/// <summary><c>WatchDir</c> and <c>CreateWatcher</c>. Names with underscores are the schema's own, which JSON may use as well.</summary>
internal sealed record WatchMessage(
    string Path = "",
    bool Recursive = false,
    bool IncludeEntry = false,
    [property: JsonPropertyName("include_entry")] bool IncludeEntryAsInSchema = false)
{
    public WatchRequest ToRequest() => new(Path, Recursive, IncludeEntry || IncludeEntryAsInSchema);
}

/// <summary><c>GetWatcherEvents</c> and <c>RemoveWatcher</c>.</summary>
internal sealed record WatcherMessage(
    string WatcherId = "", [property: JsonPropertyName("watcher_id")] string WatcherIdAsInSchema = "")
{
    public string Id => WatcherId is "" ? WatcherIdAsInSchema : WatcherId;
}

/// <summary>An answer with one entry.</summary>
internal sealed record EntryMessage(FileEntry Entry);

/// <summary>The answer of <c>CreateWatcher</c>.</summary>
internal sealed record WatcherIdMessage(string WatcherId);

/// <summary>The answer of <c>GetWatcherEvents</c>.</summary>
internal sealed record EventsMessage(IReadOnlyList<FileEvent> Events);

/// <summary>A message of <c>WatchDir</c>'s stream.</summary>
internal sealed record WatchEventMessage(FileEvent Filesystem);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(PathMessage))]
[JsonSerializable(typeof(MoveMessage))]
[JsonSerializable(typeof(ListMessage))]
[JsonSerializable(typeof(WatchMessage))]
[JsonSerializable(typeof(WatcherMessage))]
[JsonSerializable(typeof(EntryMessage))]
[JsonSerializable(typeof(WatcherIdMessage))]
[JsonSerializable(typeof(EventsMessage))]
[JsonSerializable(typeof(WatchEventMessage))]
[JsonSerializable(typeof(ConnectEmpty))]
internal sealed partial class FilesystemJson : JsonSerializerContext;
