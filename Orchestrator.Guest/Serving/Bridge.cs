using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary>The role <c>bridge</c>: joins standard input and output with the server's port, for an orchestrator that reaches the
/// runner by its engine's exec alone.</summary>
internal static class Bridge
{
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int ChunkSize = 64 * 1024;
    private const int PauseMs = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static int Run()
    {
        try
        {
            var (port, address) = GuestSettings.Listener(sameUser: true);
            using var socket = Connect(address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address, port);
            Join(socket, (int)socket.Handle);
            return 0;
        }
        catch (Exception error) when (error is SocketException or FormatException)
        {
            Console.Error.WriteLine($"The server cannot be reached: {error.Message}");
            return 1;
        }
    }

    /// <summary>A server that has just been started gets a second to listen.</summary>
    private static Socket Connect(IPAddress address, int port)
    {
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(address, port);
                return socket;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                socket.Dispose();
                Posix.Poll([], PauseMs);
            }
        }
    }

    /// <summary>Until the server ends; the end of standard input is passed on.</summary>
    private static void Join(Socket socket, int server)
    {
        // One thread and blocking writes: the side that reads slowly holds up the other, as one connection's ends may.
        var upwards = new Thread(() => Copy(StandardInput, server, () => socket.Shutdown(SocketShutdown.Send))) { IsBackground = true };
        upwards.Start();
        Copy(server, StandardOutput, static () => { });
    }

    private static void Copy(int source, int target, Action end)
    {
        var chunk = new byte[ChunkSize];
        int count;
        while ((count = Posix.Read(source, chunk)) > 0 || (count < 0 && Posix.LastError == Posix.EINTR))
        {
            for (var sent = 0; sent < count;)
            {
                var written = Posix.Write(target, chunk.AsSpan(sent, count - sent));
                if (written < 0 && Posix.LastError != Posix.EINTR)
                {
                    return;
                }

                sent += Math.Max(written, 0);
            }
        }

        end();
    }
}
