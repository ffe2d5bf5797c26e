using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Takes callbacks, and what else is posted, over a real socket, and answers as a test says.</summary>
internal sealed class CallbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private CallbackServer(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Path, string Body, DateTime At, string? TraceParent)> Calls { get; } = new();

    /// <summary>Says what the n-th call, from 1, is answered with.</summary>
    public Func<int, int> Status { get; set; } = _ => 200;

    /// <summary>Says what a call of a path is answered with, as JSON.</summary>
    public Func<string, string>? Answer { get; set; }

    public int Port => new Uri(_app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<CallbackServer> StartAsync()
    {
        var builder = LocalServer.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new CallbackServer(app);
        app.Run(server.TakeAsync);
        await app.StartAsync();
        return server;
    }

    public async Task<(string Path, string Body, DateTime At, string? TraceParent)> CallAsync(int number = 1)
    {
        await Eventually.TrueAsync(() => Calls.Count >= number, what: $"Callback {number}");
        return Calls.ElementAt(number - 1);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        Calls.Enqueue((context.Request.Path, body, DateTime.UtcNow, context.Request.Headers.TraceParent));
        context.Response.StatusCode = Status(Calls.Count);
        if (context.Response.StatusCode is >= 300 and < 400)
        {
            context.Response.Headers.Location = $"http://127.0.0.1:{Port}/elsewhere";
        }

        if (Answer is not null)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(Answer(context.Request.Path));
        }
    }
}
