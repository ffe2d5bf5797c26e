using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Guest.Serving;

/// <summary>
/// Calls this server, so that no outside call is the first of its kind: a first answer takes some 25 milliseconds more than
/// any later one, at any time, and the first check of a token ten.
/// </summary>
internal static class FirstRequest
{
    private const int PatienceMilliseconds = 1_000;

    /// <summary>The orchestrator's first call, made while the engine may still be creating the container's network.</summary>
    public static ReadOnlySpan<byte> Health => "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8;

    /// <summary>A call that is refused, since no caller has that token.</summary>
    public static ReadOnlySpan<byte> WrongToken => "POST /stop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8;

    /// <summary>Returns when it was answered, or after a second; nothing depends on it.</summary>
    /// <param name="server">Where it listens; an address of all interfaces is called on the loopback.</param>
    /// <param name="request">The call to make.</param>
    public static void Make(Uri server, ReadOnlySpan<byte> request)
    {
        try
        {
            var address = IPAddress.TryParse(server.Host, out var bound) && !bound.Equals(IPAddress.Any) && !bound.Equals(IPAddress.IPv6Any)
                ? bound
                : IPAddress.Loopback;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.SendTimeout = socket.ReceiveTimeout = PatienceMilliseconds;
            socket.Connect(address, server.Port);
            socket.Send(request);
            Span<byte> answer = stackalloc byte[512];
            while (socket.Receive(answer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The first outside caller waits a little longer.
        }
    }
}
