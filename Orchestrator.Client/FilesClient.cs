using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Orchestrator.Client;

/// <summary>Files of sessions' runners, with the rights of the code in them. Relative paths are below the runner's home.</summary>
public sealed class FilesClient
{
    private readonly ListenerCalls _calls;

    internal FilesClient(ListenerCalls calls) => _calls = calls;

    /// <summary>Opens a file, or a directory as a tar archive; dispose the stream to end the call.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<Stream> ReadAsync(string sessionId, string path, CancellationToken cancellationToken = default)
    {
        using var request = _calls.NewRequest(HttpMethod.Get, PathOf(sessionId, "", path));
        var response = await _calls.OpenAsync(request, cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <summary>Writes a file, all or nothing, or unpacks a tar archive into a directory. Missing parents are made.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The file or directory.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="archive">Whether they are a tar archive.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task WriteAsync(
        string sessionId, string path, Stream content, bool archive = false, CancellationToken cancellationToken = default)
    {
        using var body = new StreamContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue(archive ? "application/x-tar" : "application/octet-stream");
        await _calls.SendAsync(HttpMethod.Put, PathOf(sessionId, "", path), cancellationToken, body);
    }

    /// <summary>Removes a file, or a directory with everything in it; a missing one is no error.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">What to remove.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task RemoveAsync(string sessionId, string path, CancellationToken cancellationToken = default) =>
        _calls.SendAsync(HttpMethod.Delete, PathOf(sessionId, "", path), cancellationToken);

    /// <summary>Lists a directory, parents before children.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The directory.</param>
    /// <param name="depth">How many levels.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<RunnerFile>> ListAsync(
        string sessionId, string path, int depth = 1, CancellationToken cancellationToken = default) => (await _calls.GetAsync(
            FormattableString.Invariant($"{PathOf(sessionId, "/list", path)}&depth={depth}"), ContractJson.Default.FileList, cancellationToken)).Entries;

    /// <summary>Moves a file or directory; missing parents of its destination are made.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="source">What to move.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<RunnerFile> MoveAsync(
        string sessionId, string source, string destination, CancellationToken cancellationToken = default) => (await _calls.PostAsync(
            $"{PathOf(sessionId)}/move", new MoveRequest(source, destination),
            ContractJson.Request.MoveRequest, ContractJson.Default.FileAnswer, cancellationToken)).Entry;

    /// <summary>Makes a directory and its parents.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<RunnerFile> MakeDirectoryAsync(string sessionId, string path, CancellationToken cancellationToken = default) =>
        (await _calls.PostAsync(
            $"{PathOf(sessionId)}/directory", new DirectoryRequest(path),
            ContractJson.Request.DirectoryRequest, ContractJson.Default.FileAnswer, cancellationToken)).Entry;

    /// <summary>Makes a link to a file that needs no key.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether it is for PUT instead of GET.</param>
    /// <param name="lifetime">How long it is valid; an hour when left out.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<FileLink> LinkAsync(
        string sessionId, string path, bool write = false, TimeSpan? lifetime = null, CancellationToken cancellationToken = default) => _calls.PostAsync(
            $"{PathOf(sessionId)}/link", new FileLinkRequest(path, write ? "write" : "read", lifetime?.TotalSeconds),
            ContractJson.Request.FileLinkRequest, ContractJson.Default.FileLink, cancellationToken);

    /// <summary>Watches a directory.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The directory.</param>
    /// <param name="recursive">Whether to watch everything below, too.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<FileChange> WatchAsync(
        string sessionId, string path, bool recursive = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = _calls.NewRequest(HttpMethod.Get, $"{PathOf(sessionId, "/watch", path)}&recursive={(recursive ? "true" : "false")}");
        using var response = await _calls.OpenAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(body, Parse).EnumerateAsync(cancellationToken))
        {
            yield return item.Data;
        }
    }

    private static FileChange Parse(string type, ReadOnlySpan<byte> data) =>
        JsonSerializer.Deserialize(data, ContractJson.Default.FileChange)! with { Type = type };

    private static string PathOf(string sessionId) => $"{SessionsClient.PathOf(sessionId)}/files";

    private static string PathOf(string sessionId, string call, string path) => $"{PathOf(sessionId)}{call}?path={Uri.EscapeDataString(path)}";
}
