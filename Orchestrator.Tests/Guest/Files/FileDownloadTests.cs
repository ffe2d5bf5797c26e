using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary><c>GET /files</c>.</summary>
public sealed class FileDownloadTests : IAsyncLifetime
{
    private GuestFiles _guest = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _guest = await GuestFiles.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task Get_File_SendsItsBytesAndWhatItIs()
    {
        var path = _guest.Write("größe.txt", "0123456789");

        using var response = await _guest.GetAsync(path);

        Assert.Equal("0123456789", await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(10, response.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("inline", response.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal("größe.txt", response.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        Assert.Equal(["bytes"], response.Headers.AcceptRanges);
        Assert.NotNull(response.Headers.ETag);
    }

    [Fact]
    public async Task Head_File_TellsTheSameWithoutBytes()
    {
        var path = _guest.Write("a.txt", "0123456789");

        using var head = await _guest.SendAsync(HttpMethod.Head, GuestFiles.Url(path), null);
        using var get = await _guest.GetAsync(path);

        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(10, head.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancelled));
    }

    [Fact]
    public async Task Get_EmptyFile_HasLengthZero()
    {
        using var response = await _guest.GetAsync(_guest.Write("empty", ""), ("Accept-Encoding", "gzip, deflate"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("0", Assert.Single(response.Content.Headers.GetValues("Content-Length")));
    }

    [Theory]
    [InlineData("bytes=2-4", "234", "bytes 2-4/10")]
    [InlineData("bytes=7-", "789", "bytes 7-9/10")]
    [InlineData("bytes=-3", "789", "bytes 7-9/10")]
    [InlineData("bytes=-30", "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=9-900", "9", "bytes 9-9/10")]
    public async Task Get_Range_SendsThatPart(string range, string expected, string contentRange)
    {
        using var response = await _guest.GetAsync(_guest.Write("a", "0123456789"), ("Range", range), ("Accept-Encoding", "gzip"));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(contentRange, response.Content.Headers.ContentRange?.ToString());
        Assert.Empty(response.Content.Headers.ContentEncoding);
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=-0")]
    public async Task Get_RangeBehindTheEnd_Is416(string range)
    {
        using var response = await _guest.GetAsync(_guest.Write("a", "0123456789"), ("Range", range));

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */10", response.Content.Headers.ContentRange?.ToString());
    }

    [Theory]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("lines=0-1")]
    [InlineData("bytes=x")]
    public async Task Get_RangeNotUnderstood_SendsAll(string range)
    {
        using var response = await _guest.GetAsync(_guest.Write("a", "0123456789"), ("Range", range));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("0123456789", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Get_ConditionsOnAnUnchangedFile_Are304And412()
    {
        var path = _guest.Write("a", "0123456789");
        using var first = await _guest.GetAsync(path);
        var (tag, modified) = (first.Headers.ETag!.ToString(), first.Content.Headers.LastModified!.Value.ToString("R"));

        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", tag)));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", $"\"x\", W/{tag}")));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", "*")));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-Modified-Since", modified)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-None-Match", "\"x\""), ("If-Modified-Since", modified)));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await StatusAsync(("If-Match", "\"x\"")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-Match", tag)));
        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(("Range", "bytes=1-2"), ("If-Range", tag)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("Range", "bytes=1-2"), ("If-Range", "\"x\"")));

        async Task<HttpStatusCode> StatusAsync(params (string, string)[] headers)
        {
            using var response = await _guest.GetAsync(path, headers);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Get_FileWrittenInPlaceWithTheSameSize_HasAnotherTag()
    {
        var path = _guest.Write("a", "0123456789");
        var modified = File.GetLastWriteTimeUtc(path);
        using var before = await _guest.GetAsync(path);
        await using (var file = new FileStream(path, FileMode.Open))
        {
            file.Write("9876543210"u8);
        }

        File.SetLastWriteTimeUtc(path, modified);
        using var after = await _guest.GetAsync(path, ("If-None-Match", before.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
    }

    [Fact]
    public async Task Get_GzipAccepted_SendsItCompressedUnderAnotherTag()
    {
        var text = string.Concat(Enumerable.Repeat("all the same ", 5000));
        var path = _guest.Write("a", text);

        using var plain = await _guest.GetAsync(path);
        using var response = await _guest.GetAsync(path, ("Accept-Encoding", "br, gzip;q=0.5"));
        using var reader = new StreamReader(new GZipStream(await response.Content.ReadAsStreamAsync(Cancelled), CompressionMode.Decompress));

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.Null(response.Content.Headers.ContentLength);
        Assert.NotEqual(plain.Headers.ETag, response.Headers.ETag);
        Assert.Equal(text, await reader.ReadToEndAsync(Cancelled));
    }

    [Theory]
    [InlineData("identity;q=0", HttpStatusCode.NotAcceptable, false)]
    [InlineData("*;q=0", HttpStatusCode.NotAcceptable, false)]
    [InlineData("gzip;q=0", HttpStatusCode.OK, false)]
    [InlineData("gzip, identity;q=0", HttpStatusCode.OK, true)]
    public async Task Get_AcceptEncoding_IsHeeded(string accepted, HttpStatusCode expected, bool compressed)
    {
        using var response = await _guest.GetAsync(_guest.Write("a", "short"), ("Accept-Encoding", accepted));

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(compressed, response.Content.Headers.ContentEncoding.Contains("gzip"));
    }

    [Fact]
    public async Task Get_WhatIsNoFile_IsRefusedWithItsReason()
    {
        var pipe = _guest.At("pipe");
        using var made = Subprocess.Start("mkfifo", [pipe]);
        await made.WaitForExitAsync(Cancelled);

        await RefusedAsync(_guest.Folder, HttpStatusCode.BadRequest, "directory");
        await RefusedAsync(pipe, HttpStatusCode.BadRequest, "regular");
        await RefusedAsync(_guest.At("missing"), HttpStatusCode.NotFound, "missing");
        await RefusedAsync(_guest.At(_guest.Write("file", ""), "below"), HttpStatusCode.NotFound, "below");
        await RefusedAsync("a\0b", HttpStatusCode.BadRequest, "NUL");
        await RefusedAsync(_guest.At(new string('x', 5000)), HttpStatusCode.BadRequest, "invalid path");

        async Task RefusedAsync(string path, HttpStatusCode status, string word)
        {
            using var response = await _guest.GetAsync(path);
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
            Assert.Equal(status, response.StatusCode);
            Assert.Equal((int)status, problem.GetProperty("code").GetInt32());
            Assert.Contains(word, problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Get_FileOfTheKernel_SendsWhatItMakes()
    {
        using var response = await _guest.GetAsync("/proc/self/status");

        Assert.Null(response.Content.Headers.ContentLength);
        Assert.Contains("VmRSS:", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_FileCutWhileSent_BreaksTheConnection()
    {
        var path = _guest.At("long");
        await using (var file = File.Create(path))
        {
            file.SetLength(64 << 20);
        }

        using var response = await _guest.GetAsync(path);
        var body = await response.Content.ReadAsStreamAsync(Cancelled);
        await body.ReadExactlyAsync(new byte[1000], Cancelled);
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(2000);
        }

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Cancelled));
    }

    [Fact]
    public async Task Get_ReplacedWhileSent_SendsTheOldFileWhole()
    {
        var path = _guest.Write("a", new string('a', 8 << 20));
        using var response = await _guest.GetAsync(path);
        var body = await response.Content.ReadAsStreamAsync(Cancelled);
        await body.ReadExactlyAsync(new byte[1], Cancelled);
        using var replaced = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(path), new StringContent("b"));

        var rest = new MemoryStream();
        await body.CopyToAsync(rest, Cancelled);

        Assert.Equal(HttpStatusCode.OK, replaced.StatusCode);
        Assert.Equal((8 << 20) - 1, rest.Length);
        Assert.DoesNotContain((byte)'b', rest.ToArray());
    }

    [Fact]
    public async Task GetAndPut_OneGigabyte_TakeConstantMemory()
    {
        const long Size = 1L << 30;
        const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; // of "test"
        await using (var file = File.Create(_guest.At("sparse")))
        {
            file.SetLength(Size);
        }

        using var process = RunnerProcess.Start(["serve", "--same-user"], environment: [("RUNNER_TOKEN_SHA256", Hash), ("PORT", "0")]);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(Cancelled);
            using var client = new HttpClient { BaseAddress = new Uri(line!.Split(' ').Single(word => word.StartsWith("http", StringComparison.Ordinal)).TrimEnd(',')) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "test");
            using var response = await client.GetAsync(GuestFiles.Url(_guest.At("sparse")), HttpCompletionOption.ResponseHeadersRead, Cancelled);
            using var written = await client.PutAsync(
                GuestFiles.Url(_guest.At("copy")), new StreamContent(await response.Content.ReadAsStreamAsync(Cancelled), 1 << 20), Cancelled);

            Assert.Equal(HttpStatusCode.OK, written.StatusCode);
            Assert.Equal(Size, new FileInfo(_guest.At("copy")).Length);
            Assert.InRange(PeakMebibytes(process), 1, 200);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancelled);
        }
    }

    // "VmHWM:	   12345 kB"
    private static int PeakMebibytes(Process process) => int.Parse(
        File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', '\t')[^2],
        System.Globalization.CultureInfo.InvariantCulture) / 1024;
}
