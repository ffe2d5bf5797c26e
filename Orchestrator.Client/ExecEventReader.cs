using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Orchestrator.Client;

/// <summary>Reads the events of commands and processes.</summary>
internal static class ExecEventReader
{
    /// <summary>The media type of events.</summary>
    public const string ContentType = "text/event-stream";

    /// <summary>Reads events up to the end of a command, or of the stream.</summary>
    public static async IAsyncEnumerable<ExecEvent> ReadAsync(Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in SseParser.Create(body, Parse).EnumerateAsync(cancellationToken))
        {
            if (item.Data is not { } happened)
            {
                continue;
            }

            yield return long.TryParse(item.EventId, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                ? happened with { Offset = offset }
                : happened;
            if (happened is ExitEvent)
            {
                yield break;
            }
        }
    }

    // Events of later servers are skipped.
    private static ExecEvent? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        "stdout" => new StdoutEvent(JsonSerializer.Deserialize(data, ContractJson.Default.String)!),
        "stderr" => new StderrEvent(JsonSerializer.Deserialize(data, ContractJson.Default.String)!),
        "exit" => JsonSerializer.Deserialize(data, ContractJson.Default.ExitEvent),
        _ => null,
    };
}
