using System.Net.Sockets;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Serves the agent's connections, each on a thread of its own.</summary>
/// <param name="processes">Starts and kills processes.</param>
internal sealed class AgentOperations(ProcessTree processes)
{
    /// <summary>Threads that code cannot keep from existing.</summary>
    private const int ReservedThreads = 8;

    /// <summary>Operations at once; the server's own limits are lower.</summary>
    private const int Limit = 192;

    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    private readonly AgentThreads _threads = new(ReservedThreads, Limit);
    private readonly LingeringStreams _lingering = new();

    /// <summary>Serves the caller at the socket's other end, and disposes it.</summary>
    public void Serve(Socket connection)
    {
        if (_threads.TryRun(() => Serve(connection, Dispatch)))
        {
            return;
        }

        // On the thread that accepts: what fits into the socket's buffer does not block.
        Serve(connection, channel => channel.Refuse("resource_exhausted", $"{Limit} operations are under way, or code has taken every process id."));
    }

    private static void Serve(Socket connection, Action<AgentChannel> operation)
    {
        using (connection)
        {
            var fd = (int)connection.Handle;
            Posix.MakeNonBlocking(fd);
            var channel = new AgentChannel(fd, fd);
            try
            {
                operation(channel);
            }
            catch (FrameException error)
            {
                channel.Refuse("invalid_argument", error.Message);
            }
            catch (Exception error) when (error is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                channel.Refuse("internal", error.Message);
            }
        }
    }

    private void Dispatch(AgentChannel channel)
    {
        if (channel.Read(RequestLimit) is not { } frame)
        {
            return;
        }

        if (frame.Type != FrameType.Request)
        {
            throw new FrameException($"A frame of type {frame.Type} may not stand here.");
        }

        switch (AgentRequest.Parse(frame.Payload.Span))
        {
            case { Process: { } process }:
                new ProcessOperation(channel, process, processes, _lingering, TimeProvider.System).Run();
                break;
            case { File: { } file }:
                new FileAgent(channel).Run(file);
                break;
            case { Watch: { } watch }:
                new FileAgent(channel).Watch(watch);
                break;
            case { Reset: not null }:
                new ResetOperation(channel, processes).Run();
                break;
            default:
                channel.Refuse("unimplemented", "The agent has no such operation.");
                break;
        }
    }
}
