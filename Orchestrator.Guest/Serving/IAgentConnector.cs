using System.Net.Sockets;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary>Opens a connection to the agent; one is one operation.</summary>
internal interface IAgentConnector
{
    /// <returns>The connection, or null when it is not accepted in time.</returns>
    ValueTask<Socket?> ConnectAsync(CancellationToken cancellationToken);
}

/// <summary>Connects to the agent, which the orchestrator starts after the server, and restarts when code has killed it.</summary>
internal sealed class AgentConnector(TimeProvider time) : IAgentConnector
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public async ValueTask<Socket?> ConnectAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(Agent.EndPoint, cancellationToken);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }

            if (time.GetElapsedTime(began) > Patience)
            {
                return null;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}

/// <summary>Runs code as this process's own user: for Development on a machine without a container engine.</summary>
internal sealed class SameUserConnector(ProcessTree processes) : IAgentConnector
{
    private readonly AgentOperations _operations = new(processes);

    public ValueTask<Socket?> ConnectAsync(CancellationToken cancellationToken)
    {
        var (left, right) = Posix.SocketPair();
        var caller = new Socket(new SafeSocketHandle(left, ownsHandle: true));
        _operations.Serve(new Socket(new SafeSocketHandle(right, ownsHandle: true)));
        return ValueTask.FromResult<Socket?>(caller);
    }
}
