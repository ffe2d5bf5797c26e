using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Guest.Serving;

/// <summary><c>POST /tunnel?port=N</c> with <c>Upgrade: tunnel</c>: joins the connection with a port inside, on loopback too:
/// server and code share the network.</summary>
internal sealed class TunnelEndpoint : IEndpoint
{
    private const string Protocol = "tunnel";
    private const int ChunkSize = 32 * 1024;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Post, "/tunnel", OpenAsync, Dialect.Rest)];

    private static async Task OpenAsync(HttpContext context)
    {
        if (!ushort.TryParse(context.Request.Query["port"], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            await Refusal.WriteAsync(context, 400, "port must be from 1 to 65535.");
            return;
        }

        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true } || context.Request.Headers.Upgrade != Protocol)
        {
            context.Response.Headers.Upgrade = Protocol;
            await Refusal.WriteAsync(context, 426, $"Send the headers Connection: Upgrade and Upgrade: {Protocol}.");
            return;
        }

        using var inside = await ConnectAsync(port, context.RequestAborted);
        if (inside is null)
        {
            await Refusal.WriteAsync(context, 502, $"Nothing listens on port {port}.", port);
            return;
        }

        context.Response.Headers.Upgrade = Protocol;
        await using var outside = await upgrade.UpgradeAsync();
        await JoinAsync(outside, inside);
    }

    private static async Task<Socket?> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectLimit);
        foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(address, port, limit.Token);
                return socket;
            }
            catch (Exception error) when (error is SocketException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                socket?.Dispose();
            }
        }

        return null;
    }

    /// <summary>Until either side ends, and what came from it was passed on. HTTP's server knows no half-closed connection.</summary>
    private static async Task JoinAsync(Stream outside, Socket inside)
    {
        using var over = new CancellationTokenSource();
        await using var stream = new NetworkStream(inside);
        var (inwards, outwards) = (CopyAsync(outside, stream, over.Token), CopyAsync(stream, outside, over.Token));
        await Task.WhenAny(inwards, outwards);
        await over.CancelAsync();
        await Task.WhenAll(inwards, outwards);
    }

    private static async Task CopyAsync(Stream source, Stream target, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkSize];
        try
        {
            int count;
            while ((count = await source.ReadAsync(chunk, cancellationToken)) > 0)
            {
                await target.WriteAsync(chunk.AsMemory(0, count), cancellationToken);
                await target.FlushAsync(cancellationToken);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // That side is gone, or the other has ended.
        }
    }
}
