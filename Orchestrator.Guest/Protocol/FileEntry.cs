using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

/// <summary>A file, folder or link, as <c>filesystem.Filesystem</c> tells it (docs/contract/e2b.md, section 3.4).</summary>
/// <param name="Name">The last part of the path. Bytes that are not UTF-8 are U+FFFD in names and paths.</param>
/// <param name="Type">One of <see cref="FileTypes"/>; of a link its target's.</param>
/// <param name="Path">Absolute, below the path that was asked for.</param>
/// <param name="Size">Bytes; of a link its own.</param>
/// <param name="Mode">The permission bits; of a link its target's.</param>
/// <param name="Permissions">As <c>-rw-r--r--</c>, in the letters of Go's file modes; a link's begins with <c>L</c>.</param>
/// <param name="Owner">The user's name, or its number where it has none.</param>
/// <param name="Group">The group's name, or its number where it has none.</param>
/// <param name="ModifiedTime">UTC.</param>
/// <param name="SymlinkTarget">The path a link resolves to, or what it says when that is missing; null for others.</param>
/// <param name="Metadata">The extended attributes <c>user.e2b.*</c>, without that prefix; null when there are none.</param>
public sealed record FileEntry(
    string Name,
    string Type,
    string Path,
    [property: JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)] long Size,
    uint Mode,
    string Permissions,
    string Owner,
    string Group,
    DateTime ModifiedTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SymlinkTarget = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Metadata = null);

/// <summary>The values of <see cref="FileEntry.Type"/>.</summary>
public static class FileTypes
{
    /// <summary>A socket, a pipe, a device, or a link without target.</summary>
    public const string Unspecified = "FILE_TYPE_UNSPECIFIED";

    /// <summary>A regular file.</summary>
    public const string File = "FILE_TYPE_FILE";

    /// <summary>A folder.</summary>
    public const string Directory = "FILE_TYPE_DIRECTORY";

    /// <summary>A link, where its target is not looked at.</summary>
    public const string Symlink = "FILE_TYPE_SYMLINK";
}
