using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Tests.Security;

/// <summary>Sends bytes as they stand, as no HTTP client would.</summary>
internal static class RawConnection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The status that the server answers; 0 when it closes the connection without a word.</summary>
    /// <param name="port">The listener's.</param>
    /// <param name="request">What to send.</param>
    /// <param name="end">Whether to say that nothing more will come; a server takes that for a caller who left.</param>
    public static async Task<int> SendAsync(int port, ReadOnlyMemory<byte> request, bool end = false)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        try
        {
            await socket.SendAsync(request, SocketFlags.None, limit.Token);
            if (end)
            {
                socket.Shutdown(SocketShutdown.Send);
            }

            var answer = new byte[4096];
            var length = 0;
            while (length < 12)
            {
                var count = await socket.ReceiveAsync(answer.AsMemory(length), SocketFlags.None, limit.Token);
                if (count == 0)
                {
                    return 0;
                }

                length += count;
            }

            var line = Encoding.ASCII.GetString(answer, 0, 12);
            Assert.StartsWith("HTTP/1.", line, StringComparison.Ordinal);
            return int.Parse(line[9..12], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
