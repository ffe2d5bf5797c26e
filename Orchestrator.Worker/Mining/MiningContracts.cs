using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Client;

namespace Orchestrator.Worker.Mining;

/// <summary>The parameters and counts of a round (docs/contract/mining-task.md, <c>GET /task/:roundNumber</c>).</summary>
/// <param name="RoundNumber">The round.</param>
/// <param name="TargetDifficulty">The difficulty that its shares need at least.</param>
/// <param name="HashRate">Hashes a second over the last minute, by this process.</param>
/// <param name="ValidShares">Valid shares of the round.</param>
/// <param name="InvalidShares">Invalid shares of the round.</param>
internal sealed record RoundResponse(
    [property: JsonPropertyName("round_number")] long RoundNumber,
    [property: JsonPropertyName("target_difficulty"), JsonConverter(typeof(DecimalPointConverter))] double TargetDifficulty,
    [property: JsonPropertyName("hash_rate")] long HashRate,
    [property: JsonPropertyName("valid_shares")] long ValidShares,
    [property: JsonPropertyName("invalid_shares")] long InvalidShares);

/// <summary>The answer to a submission.</summary>
/// <param name="Status">Always <c>success</c>: it was taken in.</param>
/// <param name="Valid">Whether it is a valid share.</param>
internal sealed record SubmissionResponse(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("valid")] bool Valid);

/// <summary>The statistics and the newest shares.</summary>
/// <param name="Statistics">All shares in figures.</param>
/// <param name="RecentShares">The newest ten, newest first.</param>
internal sealed record AuditResponse(
    [property: JsonPropertyName("statistics")] AuditStatistics Statistics,
    [property: JsonPropertyName("recent_shares")] IReadOnlyList<ShareEntry> RecentShares);

/// <summary>All shares in figures.</summary>
/// <param name="TotalShares">How many were submitted.</param>
/// <param name="ValidShares">How many of them were valid.</param>
/// <param name="InvalidShares">How many were not.</param>
/// <param name="UniqueWorkers">How many workers submitted them.</param>
internal sealed record AuditStatistics(
    [property: JsonPropertyName("total_shares")] long TotalShares,
    [property: JsonPropertyName("valid_shares")] long ValidShares,
    [property: JsonPropertyName("invalid_shares")] long InvalidShares,
    [property: JsonPropertyName("unique_workers")] long UniqueWorkers);

/// <summary>A share as it was submitted, and what became of it.</summary>
internal sealed record ShareEntry(
    [property: JsonPropertyName("hash")] string Hash,
    [property: JsonPropertyName("difficulty"), JsonConverter(typeof(DecimalPointConverter))] double Difficulty,
    [property: JsonPropertyName("block_height")] long BlockHeight,
    [property: JsonPropertyName("worker_id")] string WorkerId,
    [property: JsonPropertyName("submission_id")] string SubmissionId,
    [property: JsonPropertyName("header"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Header,
    [property: JsonPropertyName("round_number")] long RoundNumber,
    [property: JsonPropertyName("timestamp")] DateTimeOffset Timestamp,
    [property: JsonPropertyName("valid")] bool Valid);

/// <summary>The health of mining.</summary>
/// <param name="Status"><c>healthy</c>, or <c>unhealthy</c> when a component is false.</param>
/// <param name="Components">Its parts.</param>
/// <param name="Uptime">How long this process has been up, in whole seconds.</param>
internal sealed record MiningHealthResponse(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("components")] MiningComponents Components,
    [property: JsonPropertyName("uptime")] long Uptime);

/// <summary>The parts of mining, each true when it is well.</summary>
/// <param name="Miner">The processor takes work and, where mining is enabled, makes progress.</param>
/// <param name="Metrics">The metrics are being read.</param>
/// <param name="Api">This process takes calls and is not about to stop.</param>
/// <param name="ShareCollection">The ledger answers.</param>
internal sealed record MiningComponents(
    [property: JsonPropertyName("miner")] bool Miner,
    [property: JsonPropertyName("metrics")] bool Metrics,
    [property: JsonPropertyName("api")] bool Api,
    [property: JsonPropertyName("share_collection")] bool ShareCollection);

/// <summary>Writes <c>1.0</c> where JSON would do with <c>1</c>: clients in some languages tell the two apart.</summary>
internal sealed class DecimalPointConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[40];
        if (value.TryFormat(text, out var length, "R", System.Globalization.CultureInfo.InvariantCulture)
            && !text[..length].ContainsAny(".E"u8))
        {
            ".0"u8.CopyTo(text[length..]);
            length += 2;
        }

        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }
}

/// <summary>Everything that mining reads and writes as JSON.</summary>
[JsonSerializable(typeof(RoundResponse))]
[JsonSerializable(typeof(SubmissionBody))]
[JsonSerializable(typeof(SubmissionResponse))]
[JsonSerializable(typeof(AuditResponse))]
[JsonSerializable(typeof(MiningHealthResponse))]
[JsonSerializable(typeof(ApiError))]
internal sealed partial class MiningJson : JsonSerializerContext;
