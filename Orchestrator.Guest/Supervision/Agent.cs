using System.Net.Sockets;

namespace Orchestrator.Guest.Supervision;

/// <summary>Runs code for the server, as another user: one supervised command per connection.</summary>
/// <remarks>The socket has an abstract name: it needs no writable folder, is gone with its owner, and is visible in the
/// container's own network namespace only. Code may connect to it too, but gains nothing that it can't do anyway.</remarks>
internal static class Agent
{
    /// <summary>The commands that may run at once; the server's limit is lower.</summary>
    private const int ConnectionLimit = 32;
    private const int StackSize = 256 * 1024;

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

        listener.Listen(ConnectionLimit);
        using var room = new SemaphoreSlim(ConnectionLimit);
        while (true)
        {
            room.Wait();
            Serve(listener.Accept(), processes, () => room.Release());
        }
    }

    /// <summary>Starts a thread that runs one command for the caller at the socket's other end.</summary>
    public static void Serve(Socket connection, ProcessTree processes, Action done)
    {
        var thread = new Thread(
            () =>
            {
                using (connection)
                {
                    var fd = (int)connection.Handle;
                    new CommandSupervisor(fd, fd, processes, TimeProvider.System).Run();
                }

                done();
            },
            StackSize)
        { IsBackground = true };
        try
        {
            thread.Start();
        }
        catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
        {
            // Code has taken every process id. The connection's end reports that to the command's caller.
            connection.Dispose();
            done();
        }
    }
}
