using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Client;

namespace Orchestrator.Worker.Mining;

/// <summary>The parameters and counts of a round (docs/contract/mining-task.md, <c>GET /task/:roundNumber</c>).</summary>
/// <param name="RoundNumber">The round.</param>
/// <param name="TargetDifficulty">The least difficulty of a valid share.</param>
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
/// <param name="Status">Always <c>success</c>: the submission was accepted.</param>
/// <param name="Valid">Whether it is a valid share.</param>
internal sealed record SubmissionResponse(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("valid")] bool Valid);

/// <summary>The statistics and the newest shares.</summary>
/// <param name="Statistics">The counts of all shares.</param>
/// <param name="RecentShares">The newest ten, newest first.</param>
internal sealed record AuditResponse(
    [property: JsonPropertyName("statistics")] AuditStatistics Statistics,
    [property: JsonPropertyName("recent_shares")] IReadOnlyList<ShareEntry> RecentShares);

/// <summary>The counts of all shares.</summary>
/// <param name="TotalShares">The number submitted.</param>
/// <param name="ValidShares">The number of valid ones.</param>
/// <param name="InvalidShares">The number of invalid ones.</param>
/// <param name="UniqueWorkers">The number of workers that submitted them.</param>
internal sealed record AuditStatistics(
    [property: JsonPropertyName("total_shares")] long TotalShares,
    [property: JsonPropertyName("valid_shares")] long ValidShares,
    [property: JsonPropertyName("invalid_shares")] long InvalidShares,
    [property: JsonPropertyName("unique_workers")] long UniqueWorkers);

/// <summary>A submitted share and its verdict.</summary>
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

/// <summary>The parts of mining, each true when healthy.</summary>
/// <param name="Miner">The processor claims work and, where mining is enabled, makes progress.</param>
/// <param name="Metrics">The metrics are being read.</param>
/// <param name="Api">This process accepts calls and is not stopping.</param>
/// <param name="ShareCollection">The ledger answers.</param>
internal sealed record MiningComponents(
    [property: JsonPropertyName("miner")] bool Miner,
    [property: JsonPropertyName("metrics")] bool Metrics,
    [property: JsonPropertyName("api")] bool Api,
    [property: JsonPropertyName("share_collection")] bool ShareCollection);

/// <summary>Writes <c>1.0</c> instead of <c>1</c>: some languages' clients distinguish the two.</summary>
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

/// <summary>The JSON types of mining.</summary>
[JsonSerializable(typeof(RoundResponse))]
[JsonSerializable(typeof(SubmissionBody))]
[JsonSerializable(typeof(SubmissionResponse))]
[JsonSerializable(typeof(AuditResponse))]
[JsonSerializable(typeof(MiningHealthResponse))]
[JsonSerializable(typeof(ApiError))]
internal sealed partial class MiningJson : JsonSerializerContext;
