using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>A collector that takes everything by HTTP and keeps it as text; names and strings read well in it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string Body, string? Key)> _received = [];

    private OtlpReceiver()
    {
        var builder = LocalServer.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            _received.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray()), context.Request.Headers["x-key"]));
            await Gate.WaitAsync(context.RequestAborted);
            context.Response.StatusCode = Status;
        });
    }

    /// <summary>What it answers with.</summary>
    public int Status { get; set; } = 200;

    /// <summary>What it waits for before it answers.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public string Address => _app.Urls.First();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>All that came on a path.</summary>
    public string Of(string path) => string.Concat(_received.Where(r => r.Path == path).Select(r => r.Body));

    /// <summary>Every request that came on a path, byte by byte.</summary>
    public IReadOnlyList<byte[]> BodiesOf(string path) =>
        [.. _received.Where(r => r.Path == path).Select(r => Encoding.Latin1.GetBytes(r.Body))];

    /// <summary>The keys that came with it.</summary>
    public IEnumerable<string?> KeysOf(string path) => _received.Where(r => r.Path == path).Select(r => r.Key).Distinct();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
