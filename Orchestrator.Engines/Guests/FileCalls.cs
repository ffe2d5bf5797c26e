using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>The files of one runner, over the guest's <c>/files</c> and <c>filesystem.Filesystem</c>.</summary>
internal sealed class FileCalls(GuestCalls calls) : IGuestFiles
{
    private const string Service = "filesystem.Filesystem/";
    private const string EventType = "EVENT_TYPE_";

    private static readonly HashSet<string> Described = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "ETag", "Last-Modified", "Accept-Ranges",
    };

    public async Task<GuestEntry> StatAsync(string path, CancellationToken cancellationToken) => Describe((await calls.CallAsync(
        Service + "Stat", new WirePathRequest(path), GuestJson.Default.WirePathRequest, GuestJson.Default.WireEntryResponse, cancellationToken)).Entry);

    public async Task<IReadOnlyList<GuestEntry>> ListAsync(string path, int depth, CancellationToken cancellationToken)
    {
        var answer = await calls.CallAsync(
            Service + "ListDir", new WireListDirRequest(path, depth), GuestJson.Default.WireListDirRequest, GuestJson.Default.WireListDirResponse, cancellationToken);
        return [.. (answer.Entries ?? []).Select(Describe)];
    }

    public async Task<GuestDownload> OpenAsync(
        string path, bool archive, IEnumerable<KeyValuePair<string, string>> conditions, CancellationToken cancellationToken)
    {
        using var request = calls.NewRequest(HttpMethod.Get, PathOf(path, archive));
        foreach (var (name, value) in conditions)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await calls.SendAsync(request, cancellationToken);
        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => Described.Contains(header.Key))
            .Select(header => KeyValuePair.Create(header.Key, string.Join(", ", header.Value)));
        return new GuestDownload((int)response.StatusCode, [.. headers], await response.Content.ReadAsStreamAsync(cancellationToken), response);
    }

    public async Task WriteAsync(string path, Stream content, long? length, bool archive, CancellationToken cancellationToken)
    {
        using var body = new StreamContent(content, 64 << 10);
        body.Headers.ContentType = new MediaTypeHeaderValue(archive ? "application/x-tar" : "application/octet-stream");
        body.Headers.ContentLength = length;
        using var request = calls.NewRequest(HttpMethod.Put, PathOf(path, archive), body);
        using var response = await calls.SendAsync(request, cancellationToken);
    }

    public Task RemoveAsync(string path, CancellationToken cancellationToken) =>
        calls.CallAsync(Service + "Remove", new WirePathRequest(path), GuestJson.Default.WirePathRequest, cancellationToken);

    public async Task<GuestEntry> MoveAsync(string source, string destination, CancellationToken cancellationToken) => Describe((await calls.CallAsync(
        Service + "Move", new WireMoveRequest(source, destination), GuestJson.Default.WireMoveRequest, GuestJson.Default.WireEntryResponse, cancellationToken)).Entry);

    public async Task<GuestEntry> MakeDirectoryAsync(string path, CancellationToken cancellationToken) => Describe((await calls.CallAsync(
        Service + "MakeDir", new WirePathRequest(path), GuestJson.Default.WirePathRequest, GuestJson.Default.WireEntryResponse, cancellationToken)).Entry);

    public async IAsyncEnumerable<GuestFileEvent> WatchAsync(
        string path, bool recursive, Func<ValueTask> begun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await calls.OpenAsync(
            Service + "WatchDir", new WireWatchRequest(path, recursive), GuestJson.Default.WireWatchRequest, limit: null, ProcessCalls.KeepAlive, cancellationToken);
        while (await stream.ReadAsync(GuestJson.Default.WireWatchResponse, cancellationToken) is { } message)
        {
            if (message.Start is not null)
            {
                await begun();
            }
            else if (message.Filesystem is { Type: { } type } happened && type.StartsWith(EventType, StringComparison.Ordinal))
            {
                yield return new GuestFileEvent(type[EventType.Length..].ToLowerInvariant(), happened.Name);
            }
            else
            {
                stream.CountEmpty();
            }
        }
    }

    private static string PathOf(string path, bool archive) => $"files?path={Uri.EscapeDataString(path)}{(archive ? "&format=tar" : "")}";

    private static GuestEntry Describe(WireEntryInfo? entry) => entry is null
        ? throw new RunnerMisbehavedException("The guest answered without an entry.")
        : new GuestEntry
        {
            Name = entry.Name,
            Path = entry.Path,
            Type = entry.Type switch
            {
                "FILE_TYPE_FILE" => GuestEntryType.File,
                "FILE_TYPE_DIRECTORY" => GuestEntryType.Directory,
                "FILE_TYPE_SYMLINK" => GuestEntryType.Symlink,
                _ => GuestEntryType.Unspecified,
            },
            Size = entry.Size,
            Mode = entry.Mode,
            Permissions = entry.Permissions ?? "",
            Owner = entry.Owner ?? "",
            Group = entry.Group ?? "",
            ModifiedTime = entry.ModifiedTime,
            SymlinkTarget = entry.SymlinkTarget,
        };
}
