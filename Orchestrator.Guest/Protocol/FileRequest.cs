using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

/// <summary>One operation on files with the code user's rights.</summary>
/// <remarks>
/// The agent answers with at most one <see cref="FrameType.Start"/> frame, then output, then one
/// <see cref="FrameType.Exit"/> frame with a <see cref="CommandExit"/>, whose code and error tell a failure. One that failed before it had any effect on
/// the answer sends no start.
/// </remarks>
/// <param name="Operation">What to do.</param>
/// <param name="Path">Absolute, relative to the home folder, or beginning with <c>~</c>.</param>
/// <param name="Destination">Where to move to.</param>
/// <param name="Depth">Levels to list, from 1.</param>
/// <param name="Atomic">Whether to write beside the file and rename; else the file is truncated.</param>
/// <param name="Metadata">The extended attributes <c>user.e2b.*</c> of the file written, by name without that prefix;
/// null removes what there was.</param>
public sealed record FileRequest(
    FileOperation Operation,
    string Path,
    string? Destination = null,
    uint Depth = 1,
    bool Atomic = false,
    IReadOnlyDictionary<string, string>? Metadata = null);

/// <summary>What to do with a file or a folder.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FileOperation>))]
public enum FileOperation
{
    /// <summary>Start: its <see cref="FileEntry"/>.</summary>
    Stat,

    /// <summary>Start: empty. Output: a <see cref="FileEntry"/> in JSON for each entry, parted by commas.</summary>
    List,

    /// <summary>Makes a folder and its parents. Start: its entry.</summary>
    MakeDirectory,

    /// <summary>Renames, and makes the destination's parents. Start: the entry at the destination.</summary>
    Move,

    /// <summary>Removes with all that is in it; missing is fine. No start.</summary>
    Remove,

    /// <summary>Start: the <see cref="FileFacts"/>; the server then sends <see cref="FileRange"/> as control. Output: the bytes.</summary>
    Read,

    /// <summary>Input: the bytes. Start: the entry written.</summary>
    Write,

    /// <summary>Start: empty. Output: the folder's content as a tar archive.</summary>
    Pack,

    /// <summary>Input: a tar archive, unpacked into the folder. No start.</summary>
    Unpack,
}
