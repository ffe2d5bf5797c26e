using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>The entries of a directory.</summary>
/// <param name="Entries">The entries, parents before children.</param>
public sealed record FileList(IReadOnlyList<RunnerFile> Entries);

/// <summary>The answer about one entry.</summary>
/// <param name="Entry">The entry.</param>
public sealed record FileAnswer(RunnerFile Entry);

/// <summary>A file or directory of a session's runner (docs/contract/e2b.md, 3.4).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type"><c>FILE_TYPE_FILE</c>, <c>FILE_TYPE_DIRECTORY</c>, <c>FILE_TYPE_SYMLINK</c> or <c>FILE_TYPE_UNSPECIFIED</c>; a link's target's.</param>
/// <param name="Path">Its path.</param>
/// <param name="Size">Its size in bytes, a string in JSON.</param>
/// <param name="Mode">Its permission bits.</param>
/// <param name="Permissions">Its permissions as text, <c>-rw-r--r--</c>.</param>
/// <param name="Owner">Its owner's name.</param>
/// <param name="Group">Its group's name.</param>
/// <param name="ModifiedTime">When it was changed.</param>
/// <param name="SymlinkTarget">Where a link leads; left out for anything else.</param>
public sealed record RunnerFile(
    string Name,
    string Type,
    string Path,
    [property: JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)] long Size,
    int Mode,
    string Permissions,
    string Owner,
    string Group,
    DateTimeOffset? ModifiedTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SymlinkTarget = null);

/// <summary>The body of a move.</summary>
/// <param name="Source">What to move.</param>
/// <param name="Destination">Where to; missing parents are made.</param>
public sealed record MoveRequest(string? Source = null, string? Destination = null);

/// <summary>The body of a call that makes a directory.</summary>
/// <param name="Path">The directory; missing parents are made.</param>
public sealed record DirectoryRequest(string? Path = null);

/// <summary>The body of a call that makes a link to a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Operation"><c>read</c>, the default, or <c>write</c>.</param>
/// <param name="ExpiresInSeconds">How long it is valid: 1 to 604,800, 3,600 when left out; at most as long as the runner lives.</param>
public sealed record FileLinkRequest(string? Path = null, string? Operation = null, double? ExpiresInSeconds = null);

/// <summary>A link to a file that needs no key.</summary>
/// <param name="Url">The link: for GET, or for PUT.</param>
/// <param name="ExpiresAt">When it expires.</param>
public sealed record FileLink(string Url, DateTimeOffset ExpiresAt);

/// <summary>A change below a watched directory.</summary>
/// <param name="Type"><c>create</c>, <c>write</c>, <c>remove</c>, <c>rename</c> or <c>chmod</c>.</param>
/// <param name="Name">The entry's path, relative to the watched directory.</param>
public sealed record FileChange(string Type, string Name);
