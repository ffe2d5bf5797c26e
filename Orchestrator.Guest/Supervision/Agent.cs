using System.Net.Sockets;

namespace Orchestrator.Guest.Supervision;

/// <summary>Does for the server what only the code's user may: one operation per connection.</summary>
/// <remarks>The socket has an abstract name: it needs no writable folder, is gone with its owner, and is visible in the
/// container's own network namespace only. Code sees it too, and is turned away: it has this process's user, and the server
/// has another.</remarks>
internal static class Agent
{
    /// <summary>Connections that wait to be accepted.</summary>
    private const int Backlog = 64;

    public static UnixDomainSocketEndPoint EndPoint { get; } = new("\0orchestrator-agent");

    public static int Run()
    {
        // The killer of the last agent may live on, and even have taken its name.
        var processes = new ProcessTree(adoptOrphans: true);
        processes.EndStrays();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(EndPoint);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Console.Error.WriteLine("An agent is running already.");
            return 0;
        }

        // Neither memory nor descriptors are the code's to read, though it has the same user.
        Posix.BecomeUndumpable();
        var operations = new AgentOperations(processes);
        processes.StartReaping();
        listener.Listen(Backlog);
        while (true)
        {
            var connection = listener.Accept();
            if (PeerUser.IsOwn(connection))
            {
                connection.Dispose();
            }
            else
            {
                operations.Serve(connection);
            }
        }
    }
}
