using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Client;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions.Files;

/// <summary>Files of a session over the real guest.</summary>
public sealed class FileTests(GuestSession session) : IClassFixture<GuestSession>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FilesClient Files => session.Client.Files;

    [Theory]
    [InlineData(0)]
    [InlineData(3_000_000)]
    public async Task WriteThenRead_AnyBytes_AreTheSame(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);

        await Files.WriteAsync(GuestSession.Id, $"bytes/ü {length}.bin", new MemoryStream(bytes), cancellationToken: Cancel);

        Assert.Equal(bytes, await ReadAsync($"bytes/ü {length}.bin"));
    }

    [Fact]
    public async Task Read_RangeAndCondition_AreAnswered()
    {
        await WriteAsync("range.txt", "0123456789");
        using var part = await GetAsync("range.txt", request => request.Headers.Range = new RangeHeaderValue(2, 4));
        Assert.Equal((206, "234"), ((int)part.StatusCode, await part.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal("nosniff", Assert.Single(part.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("sandbox", Assert.Single(part.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);

        using var again = await GetAsync("range.txt", request => request.Headers.IfNoneMatch.Add(part.Headers.ETag!));

        Assert.Equal(304, (int)again.StatusCode);
    }

    [Fact]
    public async Task Directory_ListedMovedReadAndRemoved()
    {
        var made = await Files.MakeDirectoryAsync(GuestSession.Id, "folder", Cancel);
        Assert.Equal(("folder", "FILE_TYPE_DIRECTORY"), (made.Name, made.Type));
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => Files.MakeDirectoryAsync(GuestSession.Id, "folder", Cancel));
        Assert.Equal((HttpStatusCode.Conflict, "ALREADY_EXISTS"), (error.StatusCode, error.Code));
        await WriteAsync("folder/a.txt", "abc");

        Assert.Equal("b.txt", (await Files.MoveAsync(GuestSession.Id, "folder/a.txt", "folder/deep/b.txt", Cancel)).Name);

        var entries = await Files.ListAsync(GuestSession.Id, "folder", depth: 2, Cancel);
        Assert.Equal(["deep", "b.txt"], entries.Select(entry => entry.Name));
        Assert.Equal(3, entries[1].Size);
        await using (var archive = await Files.ReadAsync(GuestSession.Id, "folder", Cancel))
        {
            var names = new List<string>();
            await using var reader = new TarReader(archive);
            while (await reader.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
            {
                names.Add(entry.Name.TrimEnd('/'));
            }

            Assert.Contains(names, name => name.EndsWith("deep/b.txt", StringComparison.Ordinal));
        }

        await Files.RemoveAsync(GuestSession.Id, "folder", Cancel);
        await Files.RemoveAsync(GuestSession.Id, "folder", Cancel);
        var gone = await Assert.ThrowsAsync<OrchestratorException>(() => Files.ListAsync(GuestSession.Id, "folder", cancellationToken: Cancel));
        Assert.Equal((HttpStatusCode.NotFound, "NOT_FOUND"), (gone.StatusCode, gone.Code));
    }

    [Fact]
    public async Task Link_WithoutAKey_ReadsOneFileUntilItExpires()
    {
        await WriteAsync("linked.txt", "linked");
        var link = await Files.LinkAsync(GuestSession.Id, "linked.txt", cancellationToken: Cancel);

        Assert.Equal("linked", await session.Host.Sessions.GetStringAsync(link.Url, Cancel));
        await session.Host.Sessions.GetAsync(link.Url.Replace("linked.txt", "other.txt", StringComparison.Ordinal), Cancel).FailsAsync(403, "SIGNATURE_INVALID");
        await session.Host.Sessions.PutAsync(link.Url, new StringContent("x"), Cancel).FailsAsync(403, "SIGNATURE_INVALID");
        await session.Host.Sessions.GetAsync(link.Url.Replace("/s1/", "/s2/", StringComparison.Ordinal), Cancel).FailsAsync(403, "SIGNATURE_INVALID");

        var writing = await Files.LinkAsync(GuestSession.Id, "written.txt", write: true, cancellationToken: Cancel);
        using var written = await session.Host.Sessions.PutAsync(writing.Url, new StringContent("by link"), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, written.StatusCode);
        Assert.Equal("by link", Encoding.UTF8.GetString(await ReadAsync("written.txt")));
    }

    [Fact]
    public async Task Watch_Changes_AreTold()
    {
        await Files.MakeDirectoryAsync(GuestSession.Id, "watched", Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runner/{GuestSession.Id}/files/watch?path=watched&recursive=true");
        using var response = await session.Host.Sessions.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));

        await WriteAsync("watched/new/a.txt", "a");

        while (await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel) is { } line && line != "data: {\"name\":\"new/a.txt\"}")
        {
        }
    }

    [Theory]
    [InlineData("GET", "files")]
    [InlineData("PUT", "files")]
    [InlineData("DELETE", "files?path=")]
    [InlineData("GET", "files?path=%00")]
    [InlineData("GET", "files/list")]
    [InlineData("GET", "files/list?path=.&depth=0")]
    [InlineData("POST", "files/move")]
    [InlineData("POST", "files/directory")]
    [InlineData("POST", "files/link")]
    [InlineData("GET", "files/watch")]
    public async Task AnyCall_WithoutAPath_IsRefused(string method, string call)
    {
        using var answer = await session.Host.Sessions.SendAsync(new HttpMethod(method), $"/api/runner/{GuestSession.Id}/{call}");

        Assert.Equal(400, (int)answer.StatusCode);
    }

    private Task WriteAsync(string path, string text) =>
        Files.WriteAsync(GuestSession.Id, path, new MemoryStream(Encoding.UTF8.GetBytes(text)), cancellationToken: Cancel);

    private async Task<byte[]> ReadAsync(string path)
    {
        await using var body = await Files.ReadAsync(GuestSession.Id, path, Cancel);
        using var kept = new MemoryStream();
        await body.CopyToAsync(kept, Cancel);
        return kept.ToArray();
    }

    private Task<HttpResponseMessage> GetAsync(string path, Action<HttpRequestMessage> prepare)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runner/{GuestSession.Id}/files?path={Uri.EscapeDataString(path)}");
        prepare(request);
        return session.Host.Sessions.SendAsync(request, Cancel);
    }
}
