using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Orchestrator.Guest.Files.Serving;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary><c>POST /files</c> and <c>PUT /files</c>.</summary>
[SupportedOSPlatform("linux")]
public sealed class FileUploadTests : IAsyncLifetime
{
    private const UnixFileMode NewFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private GuestFiles _guest = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _guest = await GuestFiles.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task Post_FormOfSeveralFiles_WritesEachToItsWholePath()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("one"), "file", _guest.At("deep", "er", "one.txt") },
            { new StringContent("ignored"), "other" },
            { new StringContent(""), "file", _guest.At("zwei ü;=.txt") },
        };

        using var response = await _guest.SendAsync(HttpMethod.Post, "/files", form);
        var files = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);

        Assert.Equal("one", await File.ReadAllTextAsync(_guest.At("deep", "er", "one.txt"), Cancelled));
        Assert.Equal("", await File.ReadAllTextAsync(_guest.At("zwei ü;=.txt"), Cancelled));
        Assert.Equal(2, files.GetArrayLength());
        Assert.Equal(
            $$"""{"path":"{{_guest.At("deep", "er", "one.txt")}}","name":"one.txt","type":"file"}""", files[0].GetRawText());
    }

    [Fact]
    public async Task Post_FormOfOneFileAndAPath_TakesThePath()
    {
        using var form = new MultipartFormDataContent { { new StringContent("one"), "file", "elsewhere" } };

        using var response = await _guest.SendAsync(HttpMethod.Post, GuestFiles.Url(_guest.At("here")), form);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("one", await File.ReadAllTextAsync(_guest.At("here"), Cancelled));
    }

    [Fact]
    public async Task Post_FormThatIsNone_Is400()
    {
        using var several = new MultipartFormDataContent { { new StringContent("1"), "file", "a" }, { new StringContent("2"), "file", "b" } };
        using var none = new MultipartFormDataContent { { new StringContent("1"), "field" } };
        using var nameless = new MultipartFormDataContent { { new StringContent("1"), "file" } };
        using var cut = new ByteArrayContent(Encoding.ASCII.GetBytes($"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{_guest.At("cut")}\"\r\n\r\nbytes"));
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using var bare = new ByteArrayContent([]);
        bare.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data");

        await RefusedAsync(HttpMethod.Post, GuestFiles.Url(_guest.At("a")), several, HttpStatusCode.BadRequest);
        await RefusedAsync(HttpMethod.Post, "/files", none, HttpStatusCode.BadRequest);
        await RefusedAsync(HttpMethod.Post, "/files", nameless, HttpStatusCode.BadRequest);
        await RefusedAsync(HttpMethod.Post, "/files", cut, HttpStatusCode.BadRequest);
        await RefusedAsync(HttpMethod.Post, "/files", bare, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("form-data; name=\"file\"; filename=\"/a/b c.txt\"", "/a/b c.txt")]
    [InlineData("form-data; filename=\"/a;name=x\"; name=\"file\"", "/a;name=x")]
    [InlineData("form-data; name=file; filename=plain", "plain")]
    [InlineData("form-data; name=\"file\"; filename=\"say %22hi%22\"", "say \"hi\"")]
    [InlineData("form-data; name=\"file\"; filename=\"say \\\"hi\\\" \\b\"", "say \"hi\" \\b")]
    [InlineData("form-data; name=\"file\"; filename=\"ü%zz\"", "ü%zz")]
    [InlineData("form-data; name=\"file\"; filename=\"", "")]
    [InlineData("form-data; name=\"file\"", null)]
    [InlineData("form-data", null)]
    [InlineData(null, null)]
    public void ParameterOf_Disposition_IsTheWholeName(string? disposition, string? expected) =>
        Assert.Equal(expected, MultipartUpload.ParameterOf(disposition, "filename"));

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Upload_Bytes_MakesFileAndParentsWithTheUsualModes(string method)
    {
        using var response = await _guest.SendAsync(new HttpMethod(method), GuestFiles.Url(_guest.At("a", "b", "c")), Chunked("bytes"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("bytes", await File.ReadAllTextAsync(_guest.At("a", "b", "c"), Cancelled));
        Assert.Equal(NewFile, File.GetUnixFileMode(_guest.At("a", "b", "c")));
        Assert.Equal(0x1ed, (int)File.GetUnixFileMode(_guest.At("a", "b")));
        Assert.Equal(0x1ed, (int)File.GetUnixFileMode(_guest.At("a")));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Upload_Gzip_WritesWhatWasCompressed(string method)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write("compressed once"u8);
        }

        using var good = new ByteArrayContent(compressed.ToArray()) { Headers = { ContentEncoding = { "gzip" } } };
        using var bad = new ByteArrayContent("no gzip at all"u8.ToArray()) { Headers = { ContentEncoding = { "gzip" } } };
        using var unknown = new ByteArrayContent([1]) { Headers = { ContentEncoding = { "br" } } };
        using var response = await _guest.SendAsync(new HttpMethod(method), GuestFiles.Url(_guest.At("a")), good);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("compressed once", await File.ReadAllTextAsync(_guest.At("a"), Cancelled));
        await RefusedAsync(new HttpMethod(method), GuestFiles.Url(_guest.At("b")), bad, HttpStatusCode.BadRequest);
        await RefusedAsync(new HttpMethod(method), GuestFiles.Url(_guest.At("b")), unknown, HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Post_ExistingFile_IsTruncatedInPlace()
    {
        var path = _guest.Write("a", "a longer text");
        File.CreateSymbolicLink(_guest.At("link"), path);
        using var linked = File.OpenRead(path);

        using var response = await _guest.SendAsync(HttpMethod.Post, GuestFiles.Url(_guest.At("link")), Chunked("short"));

        Assert.Equal("short", await new StreamReader(linked).ReadToEndAsync(Cancelled));
        Assert.NotNull(new FileInfo(_guest.At("link")).LinkTarget);
    }

    [Fact]
    public async Task Put_ExistingFile_IsReplacedAtOnceWithItsMode()
    {
        var path = _guest.Write("a", "the old text");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(_guest.At("link"), path);
        using var old = new StreamReader(File.OpenRead(path));
        var body = new SlowContent("the new ");
        var sending = _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("link")), body);
        await body.Begun;

        Assert.Equal("the old text", await File.ReadAllTextAsync(path, Cancelled));
        body.Finish("text");
        using var response = await sending;

        Assert.Equal("the new text", await File.ReadAllTextAsync(path, Cancelled));
        Assert.Equal("the old text", await old.ReadToEndAsync(Cancelled));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.NotNull(new FileInfo(_guest.At("link")).LinkTarget);
        Assert.Equal(2, Directory.GetFileSystemEntries(_guest.Folder).Length);
    }

    [Fact]
    public async Task Put_CutOff_LeavesTheOldFileAndNothingElse()
    {
        var path = _guest.Write("a", "the old text");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_guest.Client.BaseAddress!.Host, _guest.Client.BaseAddress.Port, Cancelled);
        socket.Send(Encoding.ASCII.GetBytes(
            $"PUT {GuestFiles.Url(path)} HTTP/1.1\r\nHost: a\r\nX-Access-Token: {GuestFiles.Token}\r\nContent-Length: 1000\r\n\r\nthe new"));
        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(_guest.Folder).Length == 2, what: "The file beside");

        socket.Close(0);

        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(_guest.Folder).Length == 1, what: "The end of the file beside");
        Assert.Equal("the old text", await File.ReadAllTextAsync(path, Cancelled));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Upload_ToNoFile_IsRefusedWithItsReason(string name)
    {
        var method = new HttpMethod(name);
        _guest.Write("file", "");
        Directory.CreateDirectory(_guest.At("folder"));

        Assert.Contains("directory", await RefusedAsync(method, GuestFiles.Url(_guest.At("folder")), Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("directory", await RefusedAsync(method, GuestFiles.Url(_guest.At("new") + "/"), Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("not a directory", await RefusedAsync(method, GuestFiles.Url(_guest.At("file", "x")), Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("path is required", await RefusedAsync(method, "/files", Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("regular", await RefusedAsync(method, GuestFiles.Url("/dev/null"), Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("tar", await RefusedAsync(method, GuestFiles.Url("/x", "&format=zip"), Chunked("x"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.False(File.Exists(_guest.At("new")));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Upload_ThatDoesNotFit_Is507AndLeavesNothing(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", Component.Root.Reason("the test mounts a small disk"));
        var disk = _guest.At("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk) == 0, Component.Mounts.Reason("mount fails"));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(disk, "old"), "the old text", Cancelled);
            var (method, large) = (new HttpMethod(name), new byte[4 << 20]);

            var reason = await RefusedAsync(method, GuestFiles.Url(Path.Combine(disk, "new")), new ByteArrayContent(large), HttpStatusCode.InsufficientStorage);
            await RefusedAsync(method, GuestFiles.Url(Path.Combine(disk, "old")), new ByteArrayContent(large), HttpStatusCode.InsufficientStorage);

            Assert.Contains("disk space", reason, StringComparison.Ordinal);
            Assert.Equal([Path.Combine(disk, "old")], Directory.GetFileSystemEntries(disk));
            Assert.Equal(name == "PUT" ? "the old text" : "", await File.ReadAllTextAsync(Path.Combine(disk, "old"), Cancelled));
            using var fits = await _guest.SendAsync(method, GuestFiles.Url(Path.Combine(disk, "new")), new ByteArrayContent(new byte[900 << 10]));
            Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        }
        finally
        {
            await RunAsync("umount", "-l", disk);
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Upload_Metadata_ReplacesWhatTheFileHad(string name)
    {
        var url = GuestFiles.Url(_guest.At("a"));
        using var first = await _guest.SendAsync(new HttpMethod(name), url, Chunked("1"), ("X-Metadata-Author", "me"), ("X-Metadata-Old", "yes"));
        using var second = await _guest.SendAsync(new HttpMethod(name), url, Chunked("2"), ("X-Metadata-AUTHOR", "you & I"));
        var (_, stat) = await _guest.CallAsync("Stat", new { path = _guest.At("a") });
        var answer = await second.Content.ReadFromJsonAsync<JsonElement>(Cancelled);

        Assert.Equal("""{"author":"you & I"}""", stat.GetProperty("entry").GetProperty("metadata").GetRawText().Replace("\\u0026", "&", StringComparison.Ordinal));
        Assert.Equal("you & I", answer[0].GetProperty("metadata").GetProperty("author").GetString());
        using var third = await _guest.SendAsync(new HttpMethod(name), url, Chunked("3"));
        (_, stat) = await _guest.CallAsync("Stat", new { path = _guest.At("a") });
        Assert.False(stat.GetProperty("entry").TryGetProperty("metadata", out _));
    }

    [Fact]
    public async Task Post_MetadataOverItsLimits_Is400()
    {
        var url = GuestFiles.Url(_guest.At("a"));
        await RefusedAsync(HttpMethod.Post, url, Chunked("1"), HttpStatusCode.BadRequest, ("X-Metadata-" + new string('k', 247), "v"));
        await RefusedAsync(HttpMethod.Post, url, Chunked("1"), HttpStatusCode.BadRequest, ("X-Metadata-k", new string('v', 4096 - 9)));
        await RefusedAsync(HttpMethod.Post, url, Chunked("1"), HttpStatusCode.BadRequest, ("X-Metadata-k", "a\tb"));
        Assert.False(File.Exists(_guest.At("a")));
    }

    [Fact]
    public async Task Compose_Always_Is501()
    {
        using var response = await _guest.SendAsync(HttpMethod.Post, "/files/compose", JsonContent.Create(new { destination = "/x" }));

        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
    }

    [Fact]
    public async Task Options_FromAnotherOrigin_AllowsWhatItAsksFor()
    {
        using var client = _guest.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/files")
        {
            Headers = { { "Origin", "http://a" }, { "Access-Control-Request-Method", "PUT" }, { "Access-Control-Request-Headers", "x-metadata-a" } },
        };
        using var response = await client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("PUT", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Methods")), StringComparison.Ordinal);
        Assert.Contains("x-metadata-a", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
    }

    private static StreamContent Chunked(string text) => new(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Subprocess.Start(program, arguments);
        await process.WaitForExitAsync(Cancelled);
        return process.ExitCode;
    }

    private async Task<string> RefusedAsync(
        HttpMethod method, string url, HttpContent content, HttpStatusCode status, params (string, string)[] headers)
    {
        using var response = await _guest.SendAsync(method, url, content, headers);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal((int)status, problem.GetProperty("code").GetInt32());
        return problem.GetProperty("message").GetString()!;
    }

    /// <summary>Sends a part, and the rest when told to.</summary>
    private sealed class SlowContent(string first) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<string> _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Finish(string rest) => _rest.SetResult(rest);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(first));
            await stream.FlushAsync();
            _begun.SetResult();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(await _rest.Task));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
