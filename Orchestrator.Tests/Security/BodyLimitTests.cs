using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>The limit of a body is its endpoint's.</summary>
public sealed class BodyLimitTests : IAsyncLifetime
{
    private GuardedApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await GuardedApp.StartAsync([], app =>
    {
        app.MapPost("/default", CountAsync);
        app.MapPost("/small", CountAsync).WithBodyLimit(1_000);
        app.MapPost("/unlimited", CountAsync).WithBodyLimit(null);
    });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("/default", 1 << 20, 200)]
    [InlineData("/default", (1 << 20) + 1, 413)]
    [InlineData("/small", 1_000, 200)]
    [InlineData("/small", 1_001, 413)]
    [InlineData("/unlimited", 40 << 20, 200)]
    [InlineData("/nowhere", (1 << 20) + 1, 413)]
    public async Task Body_WithItsLength_IsHeldToItsEndpointsLimit(string path, int length, int status)
    {
        var answer = await PostAsync(path, length, chunked: false).JsonAsync(status);

        Assert.Equal(status == 200 ? $"{length}" : "BODY_TOO_LARGE", status == 200 ? answer.ToString() : answer.Text("error"));
    }

    [Theory]
    [InlineData("/small", 10_000, 413)]
    [InlineData("/unlimited", 40 << 20, 200)]
    public async Task Body_InChunks_IsBoundedByTheServer(string path, int length, int status) =>
        await PostAsync(path, length, chunked: true).JsonAsync(status);

    private static async Task<IResult> CountAsync(HttpRequest request)
    {
        var buffer = new byte[1 << 16];
        var length = 0L;
        while (await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted) is > 0 and var read)
        {
            length += read;
        }

        return TypedResults.Ok(length);
    }

    private Task<HttpResponseMessage> PostAsync(string path, int length, bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(new byte[length]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = chunked ? true : null;
        return _app.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
