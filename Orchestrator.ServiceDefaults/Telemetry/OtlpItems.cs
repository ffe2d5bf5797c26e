namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Counts the items of an OTLP request. In all three signals an item is three fields deep, 1, 2 and 2: in
/// <c>resource_spans.scope_spans.spans</c> as in log records and metrics (opentelemetry-proto, collector services).
/// </summary>
internal static class OtlpItems
{
    private const int LengthDelimited = 2;
    private static readonly int[] PathToItems = [1, 2, 2];

    /// <summary>The number of items; 1 for an unreadable body, since it held at least one.</summary>
    public static long CountIn(HttpRequestMessage request)
    {
        if (request.Content is not { } content || content.Headers.ContentEncoding.Count > 0)
        {
            return 1;
        }

        // The content is in memory already, so nothing blocks.
        using var stream = content.ReadAsStream();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        var body = copy.GetBuffer().AsSpan(0, (int)copy.Length);
        if (content.Headers.ContentType?.MediaType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            body = body.Length > 5 ? body[5..] : default;
        }

        return Math.Max(1, Count(body, 0));
    }

    internal static long Count(ReadOnlySpan<byte> message, int depth)
    {
        var items = 0L;
        while (message.Length > 0)
        {
            if (!TryRead(ref message, out var tag))
            {
                return items;
            }

            switch ((int)(tag & 7))
            {
                case LengthDelimited when TryRead(ref message, out var length) && length <= (ulong)message.Length:
                    if ((int)(tag >> 3) == PathToItems[depth])
                    {
                        items += depth == PathToItems.Length - 1 ? 1 : Count(message[..(int)length], depth + 1);
                    }

                    message = message[(int)length..];
                    break;
                case 0 when TryRead(ref message, out _):
                    break;
                case 1 when message.Length >= 8:
                    message = message[8..];
                    break;
                case 5 when message.Length >= 4:
                    message = message[4..];
                    break;
                default:
                    return items;
            }
        }

        return items;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var i = 0; i < message.Length && i < 10; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
