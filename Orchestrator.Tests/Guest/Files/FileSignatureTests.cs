using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Guest.Files.Serving;

namespace Orchestrator.Tests.Guest.Files;

/// <summary>Links to files that need no token.</summary>
public sealed class FileSignatureTests : IAsyncLifetime
{
    private GuestFiles _guest = null!;
    private HttpClient _stranger = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static long Soon => DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60;

    public async ValueTask InitializeAsync()
    {
        _guest = await GuestFiles.StartAsync();
        _stranger = _guest.NewClient();
        _guest.Write("a", "signed");
    }

    public ValueTask DisposeAsync()
    {
        _stranger.Dispose();
        return _guest.DisposeAsync();
    }

    [Fact]
    public void Make_KnownText_IsItsHashWithoutPadding()
    {
        var expected = "v1_" + Convert.ToBase64String(SHA256.HashData("/a/b:read:user:secret:1234"u8)).TrimEnd('=');

        Assert.Equal(expected, FileSignature.Make("/a/b", "read", "user", "secret", 1234));
        Assert.NotEqual(expected, FileSignature.Make("/a/b", "read", "user", "secret", null));
    }

    [Fact]
    public async Task Link_Signed_ReadsAndWritesThatFile()
    {
        await LearnTokenAsync();
        var user = Environment.UserName;

        Assert.Equal((HttpStatusCode.OK, "signed"), await ReadAsync(Link("a", "read")));
        Assert.Equal((HttpStatusCode.OK, "signed"), await ReadAsync(Link("a", "read", expiration: Soon)));
        Assert.Equal((HttpStatusCode.OK, "signed"), await ReadAsync(Link("a", "read", user, Soon)));
        using var written = await _stranger.PostAsync(Link("b", "write", user), new StringContent("by a link"), Cancelled);
        using var replaced = await _stranger.PutAsync(Link("b", "write"), new StringContent("by another"), Cancelled);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (written.StatusCode, replaced.StatusCode));
        Assert.Equal("by another", await File.ReadAllTextAsync(_guest.At("b"), Cancelled));
    }

    [Fact]
    public async Task Link_NotSignedForThis_Is401()
    {
        await LearnTokenAsync();
        var good = Link("a", "read", expiration: Soon);

        await RefusedAsync(good.Replace("v1_", "v2_", StringComparison.Ordinal), "invalid signature");
        await RefusedAsync(Link("a", "write"), "invalid signature");
        await RefusedAsync(good.Replace("%2Fa&", "%2Fb&", StringComparison.Ordinal), "invalid signature");
        await RefusedAsync(Link("a", "read") + $"&signature_expiration={Soon}", "invalid signature");
        await RefusedAsync(Link("a", "read") + "&signature_expiration=never", "invalid signature");
        await RefusedAsync(Link("a", "read") + "&username=root2", "invalid signature");
        await RefusedAsync(Link("a", "read", expiration: 1), "signature is already expired");
        await RefusedAsync(GuestFiles.Url(_guest.At("a")), "X-Access-Token");
        using var written = await _stranger.PostAsync(Link("a", "read"), new StringContent("x"), Cancelled);
        Assert.Equal(HttpStatusCode.Unauthorized, written.StatusCode);
        Assert.Equal("signed", await File.ReadAllTextAsync(_guest.At("a"), Cancelled));
    }

    [Fact]
    public async Task Link_ForAnotherUser_Is401()
    {
        await LearnTokenAsync();

        await RefusedAsync(Link("a", "read", "nobody-of-that-name"), "invalid user");
    }

    [Fact]
    public async Task Link_ForAFolder_Is401()
    {
        await LearnTokenAsync();

        await RefusedAsync(Link("", "read") + "&format=tar", "folder");
    }

    [Fact]
    public async Task Link_BeforeTheServerKnowsTheToken_Is401()
    {
        await RefusedAsync(Link("a", "read"), "invalid signature");
        await LearnTokenAsync();
        Assert.Equal((HttpStatusCode.OK, "signed"), await ReadAsync(Link("a", "read")));
    }

    [Fact]
    public async Task Link_OfARotatedToken_Is401()
    {
        await LearnTokenAsync();
        var link = Link("a", "read");
        using var rotated = await _guest.Client.PostAsJsonAsync(
            "/rotate", new { tokenSha256 = Convert.ToHexStringLower(SHA256.HashData("another"u8)) }, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, rotated.StatusCode);
        await RefusedAsync(link, "invalid signature");
    }

    private string Link(string name, string operation, string user = "", long? expiration = null)
    {
        var signature = FileSignature.Make(_guest.At(name), operation, user, GuestFiles.Token, expiration);
        return GuestFiles.Url(_guest.At(name), $"&username={user}&signature={Uri.EscapeDataString(signature)}")
            + (expiration is null ? "" : $"&signature_expiration={expiration}");
    }

    private async Task LearnTokenAsync()
    {
        using var response = await _guest.Client.GetAsync("/envs", Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<(HttpStatusCode, string)> ReadAsync(string url)
    {
        using var response = await _stranger.GetAsync(url, Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private async Task RefusedAsync(string url, string word)
    {
        using var response = await _stranger.GetAsync(url, Cancelled);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(word, problem.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
