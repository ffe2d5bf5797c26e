using System.Text;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>What a body may be.</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private const string Provision = "/api/runner/provision";
    private const int Limit = 1 << 20;
    private ApiHost _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("{\"sessionId\":}")]
    [InlineData("{\"sessionId\":\"a\"")]
    [InlineData("{\"sessionId\":\"a\"}x")]
    [InlineData("{\"sessionId\":\"a\"}{}")]
    [InlineData("{'sessionId':'a'}")]
    [InlineData("sessionId=a")]
    [InlineData("[]")]
    [InlineData("\"a\"")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("// comment")]
    public async Task Body_NoJsonObject_Refused(string body)
    {
        // A good header does not make a bad body good.
        await _api.Sessions.PostAsync(Provision, body, ("X-Session-Id", "s1")).FailsAsync(400, "BODY_INVALID");

        Assert.Equal(0, _api.Engine.Started);
    }

    [Theory]
    [InlineData("/api/runner/provision", """{"sessionId":5}""", "sessionId")]
    [InlineData("/api/runner/provision", """{"sessionId":{"a":1}}""", "sessionId")]
    [InlineData("/api/runner/provision", """{"sessionId":["a"]}""", "sessionId")]
    [InlineData("/api/runner/provision", """{"sessionId":true}""", "sessionId")]
    [InlineData("/api/runner/provision", """{"networkMode":0}""", "networkMode")]
    [InlineData("/api/runner/provision", """{"sessionId":"\ud800"}""", "sessionId")]
    [InlineData("/api/runner/deprovision", """{"sessionId":5}""", "sessionId")]
    [InlineData("/api/runner/heartbeat", """{"sessionId":5}""", "sessionId")]
    public async Task Body_WrongType_NamesTheField(string path, string body, string field)
    {
        var answer = await _api.Sessions.PostAsync(path, body).FailsAsync(400, "FIELD_INVALID");

        Assert.StartsWith(field, answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_DeeplyNested_Refused()
    {
        var deep = new string('[', 500_000);

        await _api.Sessions.PostAsync(Provision, $$"""{"x":{{deep}}""").FailsAsync(400, "BODY_INVALID");
        await _api.Sessions.PostAsync(Provision, $$"""{"sessionId":{{deep}}""").JsonAsync(400);
        await _api.Machines.PostAsync("/destroy", string.Concat(Enumerable.Repeat("{\"containerId\":", 50_000))).JsonAsync(400);
    }

    [Fact]
    public async Task Body_NotUtf8_Refused()
    {
        foreach (var bytes in (byte[][])[[0xFF, 0xFE, 0x7B, 0x00], [.. "{\"sessionId\":\""u8, 0xC3, 0x28, .. "\"}"u8], [0x00], [0x1F, 0x8B, 0x08]])
        {
            using var content = new ByteArrayContent(bytes);
            await _api.Sessions.PostAsync(Provision, content, TestContext.Current.CancellationToken).JsonAsync(400);
        }

        Assert.Equal(0, _api.Engine.Started);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData(null)]
    public async Task Body_AnyContentType_IsReadAsJson(string? type)
    {
        using var content = new ByteArrayContent("""{"sessionId":"s1"}"""u8.ToArray());
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        var answer = await _api.Sessions.PostAsync(Provision, content, TestContext.Current.CancellationToken).JsonAsync(201);

        Assert.Equal("s1", answer.Text("sessionId"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_AtTheLimit_IsReadAndOneByteMoreIsNot(bool chunked)
    {
        await PostAsync(BodyOf(Limit), chunked).JsonAsync(201);
        await PostAsync(BodyOf(Limit + 1), chunked).FailsAsync(413, "BODY_TOO_LARGE");
        await PostAsync(BodyOf(Limit * 4), chunked).FailsAsync(413, "BODY_TOO_LARGE");

        Assert.Equal(1, _api.Engine.Started);
    }

    [Fact]
    public async Task Body_TooLargeWhereNoneIsRead_Refused()
    {
        using var content = new ByteArrayContent(new byte[Limit + 1]);
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/project-1") { Content = content };

        await _api.Machines.SendAsync(request, TestContext.Current.CancellationToken).FailsAsync(413, "BODY_TOO_LARGE");
    }

    private static string BodyOf(int length)
    {
        const string Start = """{"sessionId":"s1","padding":" """;
        return Start + new string('x', length - Start.Length - 2) + "\"}";
    }

    private Task<HttpResponseMessage> PostAsync(string body, bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Provision) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = chunked ? true : null;
        return _api.Sessions.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
