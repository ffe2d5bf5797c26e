using System.IO.Compression;
using System.Net;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary>The page's files as any client gets them.</summary>
public sealed class PageFileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_Root_IsThePageUnderAStrictPolicy()
    {
        await using var api = await ApiHost.StartAsync();

        using var response = await api.Sessions.GetAsync("/", Cancel);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = response.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("require-trusted-types-for 'script'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain(policy, rule => rule.Contains("unsafe", StringComparison.Ordinal) || rule.Contains("http", StringComparison.Ordinal));
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        var file = await File.ReadAllTextAsync(Path.Combine(Files, "index.html"), Cancel);
        Assert.Equal(file.Replace("{page-secret}", api.Get<PageSecret>().Value, StringComparison.Ordinal), await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Get_EveryFile_HasItsTypeAndIsAskedForByARelativeAddress()
    {
        await using var api = await ApiHost.StartAsync();
        var types = new Dictionary<string, string>
        {
            [".js"] = "text/javascript",
            [".css"] = "text/css",
            [".svg"] = "image/svg+xml",
            [".txt"] = "text/plain",
        };

        foreach (var file in Directory.GetFiles(Path.Combine(Files, "assets")).Concat(Directory.GetFiles(Path.Combine(Files, "vendor"))))
        {
            using var response = await api.Sessions.GetAsync($"/{Path.GetRelativePath(Files, file)}", Cancel);
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal(types[Path.GetExtension(file)], response.Content.Headers.ContentType?.MediaType);
            Assert.True(response.Headers.Contains("Content-Security-Policy"));
        }

        foreach (var file in Directory.GetFiles(Path.Combine(Files, "assets")).Append(Path.Combine(Files, "index.html")))
        {
            var text = await File.ReadAllTextAsync(file, Cancel);
            Assert.DoesNotMatch("""(?:src|href|fetch|call|send)\s*[=(]\s*["'`](?:/|https?:)""", text);
            Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|\\beval\\(|style=|<style|onclick=", text);
        }
    }

    [Fact]
    public async Task Get_WithTheTagAtHand_IsNotSentAgain()
    {
        await using var api = await ApiHost.StartAsync();
        using var first = await api.Sessions.GetAsync("/assets/app.js", Cancel);
        var tag = first.Headers.ETag!.ToString();

        using var again = await api.Sessions.SendAsync(HttpMethod.Get, "/assets/app.js", null, ("If-None-Match", $"\"another\", W/{tag}"));
        using var other = await api.Sessions.SendAsync(HttpMethod.Get, "/assets/app.js", null, ("If-None-Match", "\"another\""));

        Assert.Equal("no-cache", first.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("br;q=1.0, gzip;q=0.8", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("identity", false)]
    public async Task Get_ByWhatIsAccepted_IsCompressedOrNot(string accepted, bool compressed)
    {
        await using var api = await ApiHost.StartAsync();

        using var response = await api.Sessions.SendAsync(HttpMethod.Get, "/", null, ("Accept-Encoding", accepted));

        Assert.Equal(compressed, response.Content.Headers.ContentEncoding.Contains("gzip"));
        Assert.Equal("Accept-Encoding", response.Headers.Vary.Single());
        var body = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.Equal(body.Length, response.Content.Headers.ContentLength);
        using var reader = new StreamReader(compressed ? new GZipStream(new MemoryStream(body), CompressionMode.Decompress) : new MemoryStream(body));
        Assert.StartsWith("<!DOCTYPE html>", await reader.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/assets/nothing.js", 404)]
    [InlineData("/vendor/nothing.js", 404)]
    [InlineData("/vendor/..%2findex.html", 404)]
    [InlineData("/assets/..%2findex.html", 404)]
    [InlineData("/assets/%2e%2e/index.html", 404)]
    [InlineData("/assets/", 404)]
    [InlineData("/index.html", 404)]
    public async Task Get_WhatIsNoFile_IsNotFound(string path, int status)
    {
        await using var api = await ApiHost.StartAsync();

        await api.Sessions.SendAsync(HttpMethod.Get, path).JsonAsync(status);
    }

    [Fact]
    public async Task Page_OtherVerbsAndListeners_AreNotIts()
    {
        await using var api = await ApiHost.StartAsync();

        using var head = await api.Sessions.SendAsync(HttpMethod.Head, "/");
        Assert.Equal(200, (int)head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
        await api.Sessions.PostAsync("/", null).FailsAsync(405, "METHOD_NOT_ALLOWED");
        await api.Machines.SendAsync(HttpMethod.Get, "/").JsonAsync(404);
        await api.Machines.SendAsync(HttpMethod.Get, "/assets/app.js").JsonAsync(404);
        using var pod = await api.Pod.SendAsync(HttpMethod.Get, "/");
        Assert.Equal("OK", await pod.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Page_WithKeysSet_NeedsNoneButWhatItAsksForDoes()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", "--Security:Listen=loopback");

        foreach (var path in (string[])["/", "/assets/app.js", "/assets/base.css", "/vendor/xterm.js"])
        {
            using var response = await api.Sessions.GetAsync(path, Cancel);
            Assert.Equal(200, (int)response.StatusCode);
        }

        await api.Sessions.SendAsync(HttpMethod.Get, "/api/overview").FailsAsync(401, "API_KEY_REQUIRED");
        await api.Sessions.SendAsync(HttpMethod.Get, "/api/overview", null, ("X-Api-Key", "a-key-of-the-operator")).JsonAsync(200);
    }

    [Fact]
    public async Task Page_CalledByAnotherName_IsRefused()
    {
        await using var api = await ApiHost.StartAsync();

        await api.Sessions.SendAsync(HttpMethod.Get, "/", null, ("Host", "evil.example")).FailsAsync(403, "HOST_NOT_ALLOWED");
    }

    private static string Files => Path.Combine(Repository.Root, "Orchestrator.Api", "wwwroot");
}
