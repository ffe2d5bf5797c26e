using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Guests;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions.Processes;

/// <summary>What a terminal's caller sends: keys, and its size when that changes.</summary>
internal sealed partial class TerminalInput(WebSocket socket, IGuestProcesses processes, int pid)
{
    private const int MaxText = 256;

    /// <summary>Passes it on until the caller leaves.</summary>
    /// <exception cref="InvalidInputException">A text message is none that this call knows.</exception>
    public async Task CopyAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 << 10];
        while (await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken) is { MessageType: not WebSocketMessageType.Close } received)
        {
            var piece = buffer.AsMemory(0, received.Count);
            if (received.MessageType == WebSocketMessageType.Text)
            {
                await ResizeAsync(Parse(piece.Span, received.EndOfMessage), cancellationToken);
            }
            else if (received.Count > 0)
            {
                await processes.WriteAsync(pid, piece, terminal: true, cancellationToken);
            }
        }
    }

    /// <summary>Changes the terminal's size; a program without a terminal has none to change.</summary>
    public async Task ResizeAsync(ScreenSize size, CancellationToken cancellationToken)
    {
        try
        {
            await processes.ResizeAsync(pid, size, cancellationToken);
        }
        catch (GuestRefusedException)
        {
            // It has just ended, or is none; its output says so.
        }
    }

    private static ScreenSize Parse(ReadOnlySpan<byte> text, bool whole)
    {
        try
        {
            if (whole && text.Length <= MaxText && JsonSerializer.Deserialize(text, TerminalJson.Default.TerminalMessage)?.Resize is { } size)
            {
                return ProcessParameters.ReadSize(size.Cols, size.Rows);
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw InvalidInputException.Field("A text message", """must be {"resize":{"cols":80,"rows":24}}.""");
    }

    internal sealed record TerminalResize(int? Cols, int? Rows);

    internal sealed record TerminalMessage(TerminalResize? Resize);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(TerminalMessage))]
    internal sealed partial class TerminalJson : JsonSerializerContext;
}
