using System.Buffers;
using System.Net.Sockets;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Serving;

/// <summary>The server's end of one operation of the agent. One may send while another reads.</summary>
internal sealed class AgentConnection : IAsyncDisposable
{
    private const int ChunkSize = 32 * 1024;

    private readonly NetworkStream _stream;
    private readonly ArrayBufferWriter<byte> _frames = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly FrameReader _reader = new();
    private readonly byte[] _chunk = new byte[ChunkSize];

    private AgentConnection(Socket socket)
    {
        UserId = Supervision.PeerUser.IdOf(socket);
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The user that the agent has, which is the code's.</summary>
    public uint UserId { get; }

    /// <returns>Null when no agent accepts in time.</returns>
    public static async ValueTask<AgentConnection?> OpenAsync(IAgentConnector agents, CancellationToken cancellationToken) =>
        await agents.ConnectAsync(cancellationToken) is { } socket ? new AgentConnection(socket) : null;

    /// <summary>Begins the operation.</summary>
    public Task SendAsync(AgentRequest request, CancellationToken cancellationToken) =>
        SendAsync(FrameType.Request, request.ToJson(), cancellationToken);

    /// <summary>Sends a frame, and returns when the socket has taken it.</summary>
    public async Task SendAsync(FrameType type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _frames.ResetWrittenCount();
            FrameWriter.Write(_frames, type, payload.Span);
            // Whole frames only: one that is cut off would end the operation.
            await _stream.WriteAsync(_frames.WrittenMemory, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The next frame, valid until the next is asked for; null when the agent has ended the connection.</summary>
    /// <exception cref="IOException">The agent was killed.</exception>
    /// <exception cref="FrameException">Malformed: code has got hold of the agent.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        Frame frame;
        while (!_reader.TryRead(out frame))
        {
            var count = await _stream.ReadAsync(_chunk, cancellationToken);
            if (count == 0)
            {
                return _reader.IsInsideFrame ? throw new FrameException("The connection ended inside a frame.") : null;
            }

            _reader.Append(_chunk.AsSpan(0, count));
        }

        return frame;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
