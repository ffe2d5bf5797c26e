namespace Orchestrator.Core.Guests;

/// <summary>The files of a runner, with the rights of its code's user. Relative paths are below its home.</summary>
public interface IGuestFiles
{
    /// <summary>A file's or directory's facts.</summary>
    Task<GuestEntry> StatAsync(string path, CancellationToken cancellationToken);

    /// <summary>The entries of a directory, parents before children.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="depth">How many levels, from 1.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<GuestEntry>> ListAsync(string path, int depth, CancellationToken cancellationToken);

    /// <summary>Opens a file, or a directory as a tar archive.</summary>
    /// <param name="path">The file.</param>
    /// <param name="archive">Whether it is a directory, to be read as a tar archive.</param>
    /// <param name="conditions">HTTP's headers of ranges and conditions; passed on as they are.</param>
    /// <param name="cancellationToken">Stops waiting for the first byte.</param>
    Task<GuestDownload> OpenAsync(
        string path, bool archive, IEnumerable<KeyValuePair<string, string>> conditions, CancellationToken cancellationToken);

    /// <summary>Writes a file, or unpacks a tar archive into a directory. A file is written beside and renamed: all or nothing.</summary>
    /// <param name="path">The file or directory; missing parents are made.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="length">Their number; null when unknown.</param>
    /// <param name="archive">Whether they are a tar archive.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="GuestRefusedException">With <see cref="GuestError.NoSpace"/> when they do not fit.</exception>
    Task WriteAsync(string path, Stream content, long? length, bool archive, CancellationToken cancellationToken);

    /// <summary>Removes a file, or a directory with everything in it; a missing one is no error.</summary>
    Task RemoveAsync(string path, CancellationToken cancellationToken);

    /// <summary>Moves a file or directory; missing parents of its destination are made.</summary>
    Task<GuestEntry> MoveAsync(string source, string destination, CancellationToken cancellationToken);

    /// <summary>Makes a directory and its parents.</summary>
    /// <exception cref="GuestRefusedException">With <see cref="GuestError.AlreadyExists"/> when it is there.</exception>
    Task<GuestEntry> MakeDirectoryAsync(string path, CancellationToken cancellationToken);

    /// <summary>Watches a directory; the first event comes when something changes.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="recursive">Whether to watch everything below, too.</param>
    /// <param name="begun">Called once, when the watch stands.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    IAsyncEnumerable<GuestFileEvent> WatchAsync(string path, bool recursive, Func<ValueTask> begun, CancellationToken cancellationToken);
}

/// <summary>The kind of an entry.</summary>
public enum GuestEntryType
{
    /// <summary>Neither file nor directory, or a dangling link.</summary>
    Unspecified,

    /// <summary>A file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Symlink,
}

/// <summary>A file or directory.</summary>
public sealed record GuestEntry
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its kind; a link's target's.</summary>
    public GuestEntryType Type { get; init; }

    /// <summary>Its path.</summary>
    public required string Path { get; init; }

    /// <summary>Its size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Its permission bits.</summary>
    public int Mode { get; init; }

    /// <summary>Its permissions as text, <c>-rw-r--r--</c>.</summary>
    public string Permissions { get; init; } = "";

    /// <summary>Its owner's name.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Its group's name.</summary>
    public string Group { get; init; } = "";

    /// <summary>When it was changed.</summary>
    public DateTimeOffset? ModifiedTime { get; init; }

    /// <summary>Where a link leads; null for anything else.</summary>
    public string? SymlinkTarget { get; init; }
}

/// <summary>A change below a watched directory.</summary>
/// <param name="Type"><c>create</c>, <c>write</c>, <c>remove</c>, <c>rename</c> or <c>chmod</c>.</param>
/// <param name="Name">The entry's path, relative to the watched directory.</param>
public sealed record GuestFileEvent(string Type, string Name);

/// <summary>An opened file.</summary>
/// <param name="status">200, 206, 304, 412 or 416.</param>
/// <param name="headers">The headers that describe it.</param>
/// <param name="body">Its bytes.</param>
/// <param name="owner">Disposed with it.</param>
public sealed class GuestDownload(int status, IReadOnlyList<KeyValuePair<string, string>> headers, Stream body, IDisposable owner) : IDisposable
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>The headers that describe it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => headers;

    /// <summary>Its bytes.</summary>
    public Stream Body => body;

    /// <inheritdoc />
    public void Dispose()
    {
        body.Dispose();
        owner.Dispose();
    }
}
