namespace Orchestrator.Guest.Protocol;

/// <summary>What a file is, seen when it was opened to be read.</summary>
/// <param name="Name">Its last name.</param>
/// <param name="Size">Bytes; null for a file that the kernel makes while it is read, as in <c>/proc</c>.</param>
/// <param name="Version">Changes with the file: made of inode, size, and the times of the last modification and change.</param>
/// <param name="ModifiedTime">UTC.</param>
public sealed record FileFacts(string Name, long? Size, string Version, DateTime ModifiedTime);

/// <summary>The part of a file to read.</summary>
/// <param name="Offset">Of the first byte.</param>
/// <param name="Length">Bytes; null is all to the file's end.</param>
public sealed record FileRange(long Offset, long? Length);
