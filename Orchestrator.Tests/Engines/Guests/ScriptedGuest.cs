using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Orchestrator.Core;
using Orchestrator.Core.Guests;

namespace Orchestrator.Tests.Engines.Guests;

/// <summary>A guest that says what a test wants, as one could that code has tampered with. It is also the way to itself.</summary>
internal sealed class ScriptedGuest : IGuestConnector, IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedGuest(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(answer);
    }

    /// <summary>The connections that were opened to it.</summary>
    public int Connections { get; private set; }

    public static async Task<ScriptedGuest> StartAsync(RequestDelegate answer)
    {
        var guest = new ScriptedGuest(answer);
        await guest._app.StartAsync(TestContext.Current.CancellationToken);
        return guest;
    }

    /// <summary>Answers every call with these messages of a stream, each as JSON; the trailer comes last unless it is left out.</summary>
    public static Task<ScriptedGuest> SayingAsync(IEnumerable<string> messages, string? trailer = "{}") => StartAsync(async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = "application/connect+json";
        foreach (var message in messages)
        {
            await context.Response.Body.WriteAsync(Envelope(0, message), context.RequestAborted);
        }

        if (trailer is not null)
        {
            await context.Response.Body.WriteAsync(Envelope(2, trailer), context.RequestAborted);
        }
    });

    public static byte[] Envelope(byte flags, string json)
    {
        var payload = Encoding.UTF8.GetBytes(json);
        var framed = new byte[5 + payload.Length];
        framed[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), payload.Length);
        payload.CopyTo(framed, 5);
        return framed;
    }

    public async ValueTask<Stream> ConnectAsync(RunnerPlacement placement, CancellationToken cancellationToken)
    {
        Connections++;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", new Uri(_app.Urls.First()).Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
