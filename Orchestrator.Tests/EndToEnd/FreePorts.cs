using System.Net;
using System.Net.NetworkInformation;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// Ports that nothing listens on, below those that the kernel and the engine choose from by themselves: a server that
/// is started again finds its own still free.
/// </summary>
internal static class FreePorts
{
    private const int First = 12_000;
    private const int Last = 31_000;

    private static int _next = Random.Shared.Next(First, Last);

    /// <summary>The first of so many free ports in a row, which no other test of this process gets.</summary>
    public static int Take(int count)
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
        while (true)
        {
            var first = Interlocked.Add(ref _next, count) - count;
            if (first + count > Last)
            {
                Interlocked.Exchange(ref _next, First);
            }
            else if (!Enumerable.Range(first, count).Any(taken.Contains))
            {
                return first;
            }
        }
    }

    /// <summary>Whether nobody answers on a port of this machine.</summary>
    public static async Task<bool> IsClosedAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new System.Net.Sockets.TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }
}
