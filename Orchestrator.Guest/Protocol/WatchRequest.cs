using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

/// <summary>A folder to watch until the connection ends.</summary>
/// <remarks>The agent answers with one empty <see cref="FrameType.Start"/> frame when the watch stands, then each
/// <see cref="FileEvent"/> as JSON in an <see cref="FrameType.Output"/> frame, and a <see cref="CommandExit"/> when there is
/// nothing left to watch.</remarks>
/// <param name="Path">As in <see cref="FileRequest.Path"/>.</param>
/// <param name="Recursive">Whether folders below are watched too, new ones included.</param>
/// <param name="IncludeEntry">Whether events carry the entry.</param>
public sealed record WatchRequest(string Path, bool Recursive = false, bool IncludeEntry = false);

/// <summary>Something happened in a watched folder.</summary>
/// <param name="Name">Relative to the watched folder, which itself is <c>.</c></param>
/// <param name="Type">One of <see cref="FileEventTypes"/>.</param>
/// <param name="Entry">As it was soon after; null when not asked for, or when it is gone.</param>
public sealed record FileEvent(
    string Name,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FileEntry? Entry = null);

/// <summary>The values of <see cref="FileEvent.Type"/>.</summary>
public static class FileEventTypes
{
    /// <summary>Made, or moved here.</summary>
    public const string Create = "EVENT_TYPE_CREATE";

    /// <summary>Its content changed.</summary>
    public const string Write = "EVENT_TYPE_WRITE";

    /// <summary>Removed.</summary>
    public const string Remove = "EVENT_TYPE_REMOVE";

    /// <summary>Moved away from this name.</summary>
    public const string Rename = "EVENT_TYPE_RENAME";

    /// <summary>Its mode, owner, times or attributes changed.</summary>
    public const string Chmod = "EVENT_TYPE_CHMOD";
}
