using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Tests.Guest;

public sealed partial class RunnerServerTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a token of the test")]
    [InlineData("Bearer A token of the tests")]
    [InlineData("Basic a token of the tests")]
    public async Task Run_WithoutTheToken_IsRefusedAndCountsAsNoActivity(string? authorization)
    {
        var before = await IdleSecondsAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/run") { Content = Json("""{"language":"bash","code":"true"}""") };
        _client.DefaultRequestHeaders.Authorization = null;
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await _client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.True(await IdleSecondsAsync() >= before);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer a token of the test")]
    public async Task Stop_WithoutTheToken_IsRefusedAndTheRunnerLives(string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stop");
        _client.DefaultRequestHeaders.Authorization = null;
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.ConnectionClose = true;

        using var response = await _client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("OK", await _client.GetStringAsync("/healthz", Cancelled));
        Assert.False(_exited.Task.IsCompleted);
    }

    [Fact]
    public async Task Stop_AsTheRunnerItselfAsksIt_IsRefused()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_client.BaseAddress!.Host, _client.BaseAddress.Port, Cancelled);
        await socket.GetStream().WriteAsync(FirstRequest.WrongToken.ToArray(), Cancelled);
        using var reader = new StreamReader(socket.GetStream());

        Assert.Equal("HTTP/1.1 401 Unauthorized", await reader.ReadLineAsync(Cancelled));
    }

    [Theory]
    [InlineData("", 400, "INVALID_JSON")]
    [InlineData("null", 400, "INVALID_JSON")]
    [InlineData("[]", 400, "INVALID_JSON")]
    [InlineData("{\"language\":", 400, "INVALID_JSON")]
    [InlineData("{\"language\":1,\"code\":\"\"}", 400, "INVALID_JSON")]
    [InlineData("{\"language\":\"bash\",\"code\":\"\\ud800\"}", 400, "INVALID_JSON")]
    [InlineData("{\"code\":\"true\"}", 400, "LANGUAGE_UNSUPPORTED")]
    [InlineData("{\"language\":\"cobol\",\"code\":\"true\"}", 400, "LANGUAGE_UNSUPPORTED")]
    [InlineData("{\"language\":\"bash\"}", 400, "CODE_REQUIRED")]
    [InlineData("{\"language\":\"bash\",\"code\":\"a\\u0000b\"}", 400, "CODE_INVALID")]
    [InlineData("{\"language\":\"bash\",\"code\":\"true\",\"timeoutSeconds\":0}", 400, "TIMEOUT_INVALID")]
    [InlineData("{\"language\":\"bash\",\"code\":\"true\",\"timeoutSeconds\":-1}", 400, "TIMEOUT_INVALID")]
    [InlineData("{\"language\":\"bash\",\"code\":\"true\",\"timeoutSeconds\":3600.1}", 400, "TIMEOUT_INVALID")]
    [InlineData("{\"language\":\"bash\",\"code\":\"true\",\"timeoutSeconds\":1e999}", 400, "TIMEOUT_INVALID")]
    [InlineData("{\"language\":\"bash\",\"code\":\"true\",\"timeoutSeconds\":\"soon\"}", 400, "INVALID_JSON")]
    public async Task Run_BadInput_IsRefusedWithACode(string body, int status, string code)
    {
        using var response = await _client.PostAsync("/run", Json(body), Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement;
        Assert.Equal(code, problem.GetProperty("error").GetString());
        Assert.NotEqual("", problem.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Run_DeeplyNestedJson_IsRefused()
    {
        using var response = await _client.PostAsync("/run", Json(new string('[', 100_000)), Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Run_BodyOverOneMebibyte_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/run");
        request.Content = Json($$"""{"language":"bash","code":"{{new string('x', RunRequest.MaxBodyBytes)}}"}""");
        // Refused by its length: without this the rest of the body may meet a closed connection before the answer is read.
        request.Headers.ExpectContinue = true;

        using var response = await _client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/run", 405)]
    [InlineData("DELETE", "/run", 405)]
    [InlineData("GET", "/stop", 405)]
    [InlineData("POST", "/healthz", 405)]
    [InlineData("PUT", "/activity", 405)]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/run/", 404)]
    [InlineData("GET", "/healthz/../../etc/passwd", 404)]
    public async Task Handle_WrongPathOrVerb_SaysSo(string method, string path, int status)
    {
        using var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Fact]
    public async Task Preflight_OfABrowserElsewhere_AllowsTheToken()
    {
        _client.DefaultRequestHeaders.Authorization = null;
        using var request = new HttpRequestMessage(HttpMethod.Options, "/run");
        request.Headers.Add("Origin", "https://example.org");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");

        using var response = await _client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("POST", response.Headers.GetValues("Access-Control-Allow-Methods").Single());
        Assert.Equal("Authorization, Content-Type", string.Join(", ", response.Headers.GetValues("Access-Control-Allow-Headers")));
    }
}
