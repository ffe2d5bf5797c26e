using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary>
/// A small reverse proxy that serves a listener below a path of its own and passes everything on as it comes, each call to
/// the next of its targets.
/// </summary>
internal sealed class PrefixProxy : IAsyncDisposable
{
    private const string Prefix = "/tools/orchestrator";

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly Uri[] _targets;
    private int _calls;

    private PrefixProxy(WebApplication app, Uri[] targets) => (_app, _targets) = (app, targets);

    /// <summary>Where the page is below the prefix.</summary>
    public Uri Address => new($"{_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()}{Prefix}/");

    public static async Task<PrefixProxy> StartAsync(params Uri[] targets)
    {
        var builder = LocalServer.CreateBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var proxy = new PrefixProxy(builder.Build(), targets);
        proxy._app.Run(proxy.PassAsync);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal, out var rest))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var target = _targets[(uint)Interlocked.Increment(ref _calls) % _targets.Length];
        using var call = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(target, rest + context.Request.QueryString.Value));
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            call.Content = new StreamContent(context.Request.Body);
        }

        foreach (var (name, values) in context.Request.Headers.Where(header => header.Key is not ("Host" or "Connection")))
        {
            if (!call.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                call.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using var answer = await _client.SendAsync(call, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not "Transfer-Encoding"))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[8_192];
        for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
