using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>One operation on files, or one watch, as the server has it done by the agent.</summary>
internal sealed class FileCall : IAsyncDisposable
{
    private readonly AgentConnection _agent;
    private readonly CancellationToken _cancelled;
    private ReadOnlyMemory<byte> _payload;

    private FileCall(AgentConnection agent, CancellationToken cancelled) => (_agent, _cancelled) = (agent, cancelled);

    /// <summary>Begins the operation.</summary>
    /// <param name="agents">The way to the agent.</param>
    /// <param name="caller">Who wants it, and as which user.</param>
    /// <param name="request">The operation.</param>
    /// <param name="cancellationToken">Ends the reading of the answer.</param>
    /// <exception cref="FileException">There is no agent, or the caller named another user.</exception>
    public static async ValueTask<FileCall> BeginAsync(
        IAgentConnector agents, HttpRequest caller, AgentRequest request, CancellationToken cancellationToken)
    {
        var agent = await AgentConnection.OpenAsync(agents, cancellationToken)
            ?? throw new FileException(FileFailure.Unavailable, "The process that has the code's rights is not ready. Retry in a moment.");
        try
        {
            if (FileUser.Problem(FileUser.NamedBy(caller), agent.UserId) is { } problem)
            {
                throw new FileException(FileFailure.Unauthenticated, problem);
            }

            await agent.SendAsync(request, cancellationToken);
            return new FileCall(agent, cancellationToken);
        }
        catch (IOException)
        {
            await agent.DisposeAsync();
            throw Lost();
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does an operation that has no bytes, and returns what it tells.</summary>
    /// <exception cref="FileException">It failed.</exception>
    public static async Task<FileEntry> DoAsync(
        IAgentConnector agents, HttpRequest caller, FileRequest request, CancellationToken cancellationToken)
    {
        await using var call = await BeginAsync(agents, caller, new AgentRequest(File: request), cancellationToken);
        return await call.StartAsync(ProtocolJson.Default.FileEntry);
    }

    /// <summary>Waits until the operation has begun, and reads the facts that it tells then.</summary>
    /// <exception cref="FileException">It failed.</exception>
    public async Task<T> StartAsync<T>(JsonTypeInfo<T> type)
    {
        await StartAsync();
        try
        {
            return JsonSerializer.Deserialize(_payload.Span, type) ?? throw Lost();
        }
        catch (JsonException)
        {
            throw Lost();
        }
    }

    /// <inheritdoc cref="StartAsync{T}"/>
    public async Task StartAsync() => _ = await NextFrameAsync() is FrameType.Start ? 0 : throw Lost();

    /// <summary>The next bytes of output, valid until the next call; null at the operation's end.</summary>
    /// <exception cref="FileException">It failed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync() => await NextFrameAsync() switch
    {
        FrameType.Output => _payload,
        // Without the type it would be an empty piece, as null is an array.
        null => (ReadOnlyMemory<byte>?)null,
        _ => throw Lost(),
    };

    /// <summary>The next event of a watch; null at its end.</summary>
    /// <exception cref="FileException">It failed.</exception>
    public async ValueTask<FileEvent?> NextEventAsync()
    {
        try
        {
            return await NextAsync() is { } happened
                ? JsonSerializer.Deserialize(happened.Span, ProtocolJson.Default.FileEvent) ?? throw Lost()
                : null;
        }
        catch (JsonException)
        {
            throw Lost();
        }
    }

    /// <summary>Waits for the operation's end.</summary>
    /// <exception cref="FileException">It failed.</exception>
    public async Task EndAsync() => _ = await NextFrameAsync() is null ? 0 : throw Lost();

    /// <summary>Sends a frame.</summary>
    /// <returns>False when the agent takes none any more: it has ended the operation, or was killed.</returns>
    public async ValueTask<bool> TrySendAsync(FrameType type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await _agent.SendAsync(type, payload, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    /// <returns>The type of the frame, null for a success's last one.</returns>
    private async ValueTask<FrameType?> NextFrameAsync()
    {
        try
        {
            var frame = await _agent.ReadAsync(_cancelled) ?? throw Lost();
            _payload = frame.Payload;
            if (frame.Type != FrameType.Exit)
            {
                return frame.Type;
            }

            var exit = CommandExit.Parse(_payload.Span);
            return exit.Code is { } code ? throw new FileException(code, exit.Error ?? code) : null;
        }
        catch (Exception error) when (error is IOException or FrameException or ObjectDisposedException)
        {
            throw Lost();
        }
    }

    private static FileException Lost() => new(FileFailure.Unavailable, "The process that has the code's rights was lost. Retry in a moment.");
}
