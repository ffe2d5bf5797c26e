using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>One connection through a <see cref="SocketRelay"/>.</summary>
internal sealed partial class RelayedConnection(SocketRelay relay, Socket near, Socket far)
{
    // Enough for the head of an answer and the beginning of what it says.
    private const int CutAfter = 200;

    private static readonly byte[] ServerError = Refusal("500 Internal Server Error");
    private static readonly byte[] Forbidden = Refusal("403 Forbidden");

    private volatile bool _carriesEvents;
    private volatile RelayFault _fault;
    private int _answered;

    public Task RunAsync() => Task.WhenAll(CopyCallsAsync(), CopyAnswersAsync());

    private async Task CopyCallsAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await near.ReceiveAsync(buffer)) > 0)
            {
                await HoldUpAsync();
                var piece = buffer.AsMemory(0, count);
                if (RequestLine().Match(Encoding.Latin1.GetString(piece.Span)) is { Success: true } call)
                {
                    _carriesEvents = call.Groups[1].Value.Contains("/events", StringComparison.Ordinal);
                    _answered = 0;
                    _fault = relay.Fault?.Invoke(call.Groups[1].Value) ?? RelayFault.None;
                    if (_fault is RelayFault.ServerError or RelayFault.Forbidden)
                    {
                        await RefuseAsync(buffer, count, _fault == RelayFault.Forbidden ? Forbidden : ServerError);
                        return;
                    }
                }

                await SendAsync(far, piece);
            }

            far.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CopyAnswersAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await far.ReceiveAsync(buffer)) > 0)
            {
                await HoldUpAsync();
                var piece = buffer.AsMemory(0, count);
                switch (_fault)
                {
                    case RelayFault.AnswerLost:
                        relay.End(near);
                        relay.End(far);
                        return;
                    case RelayFault.AnswerCut:
                        var rest = Math.Min(count, CutAfter - _answered);
                        await SendAsync(near, piece[..rest]);
                        if ((_answered += rest) < CutAfter && count == buffer.Length)
                        {
                            continue;
                        }

                        relay.End(near);
                        relay.End(far);
                        return;
                }

                // The head of the answer is no event.
                if (!(_carriesEvents && relay.LosesEvents) || piece.Span.StartsWith("HTTP/"u8))
                {
                    await SendAsync(near, piece);
                }
            }

            near.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    // Read to its end first, as a server does: who is still sending would not hear the answer.
    private async Task RefuseAsync(byte[] buffer, int count, byte[] refusal)
    {
        var head = Encoding.Latin1.GetString(buffer, 0, count);
        while (!head.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            head += Encoding.Latin1.GetString(buffer, 0, await near.ReceiveAsync(buffer));
        }

        var length = ContentLength().Match(head) is { Success: true } told ? int.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        for (var left = length - (head.Length - head.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4); left > 0;)
        {
            left -= await near.ReceiveAsync(buffer);
        }

        await SendAsync(near, refusal);
        relay.End(near);
        relay.End(far);
    }

    private async Task HoldUpAsync()
    {
        if (relay.Delay > TimeSpan.Zero)
        {
            await Pace.PauseAsync(relay.Delay);
        }

        while (relay.Clogged)
        {
            await Pace.PauseAsync(20);
        }
    }

    private static byte[] Refusal(string status) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 35\r\nConnection: close\r\n\r\n" +
        """{"message":"a fault of the relay."}""");

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> data)
    {
        while (data.Length > 0)
        {
            data = data[await to.SendAsync(data)..];
        }
    }

    [GeneratedRegex(@"\A((?:GET|POST|PUT|DELETE|HEAD) \S+) HTTP/1\.1\r\n")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"Content-Length: (\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex ContentLength();
}
