using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>Reads runners from scripts' answers, and writes scripts' arguments.</summary>
internal static class RedisRunnerRecord
{
    /// <summary>How many values a runner has in an answer: its id and its fields, as <c>Scripts/prelude.lua</c> lists them.</summary>
    private const int Width = 17;

    /// <summary>The runner at an index of an answer; null when the answer ends before.</summary>
    public static Runner? Read(RedisValue[] values, int at) => values.Length <= at ? null : new Runner
    {
        Id = values[at].ToString(),
        Template = values[at + 1].ToString(),
        Instance = values[at + 2].ToString(),
        State = (RunnerState)(int)values[at + 3],
        Fence = (long)values[at + 4],
        Owner = values[at + 5].IsNull
            ? null
            : new Owner(new Tenant(values[at + 5].ToString()), (OwnerKind)(int)values[at + 6], values[at + 7].ToString()),
        ExpiresAt = Time(values[at + 8]),
        ContactAt = Time(values[at + 9]),
        CreatedAt = Time(values[at + 10])!.Value,
        IdleSince = Time(values[at + 11]),
        Token = values[at + 12].IsNull ? null : values[at + 12].ToString(),
        Network = (RunnerNetwork)(int)values[at + 13],
        Port = values[at + 14].IsNull ? null : (int)values[at + 14],
        Plan = values[at + 16].IsNull ? null : values[at + 16].ToString(),
        Placement = values[at + 15].IsNull
            ? null
            : JsonSerializer.Deserialize(values[at + 15].ToString(), RunnerJson.Default.StoredPlacement)!.ToPlacement(),
    };

    /// <summary>Every runner of an answer from an index on.</summary>
    public static IEnumerable<Runner> ReadAll(RedisValue[] values, int at)
    {
        for (; at < values.Length; at += Width)
        {
            yield return Read(values, at)!;
        }
    }

    public static RedisValue Write(RunnerPlacement placement) =>
        JsonSerializer.Serialize(StoredPlacement.Of(placement), RunnerJson.Default.StoredPlacement);

    public static RedisValue Write(TimeSpan? span) => span is { } time ? time.Ticks / TimeSpan.TicksPerMillisecond : RedisValue.EmptyString;

    public static RedisValue Write(DateTimeOffset? time) => time is { } moment ? moment.ToUnixTimeMilliseconds() : RedisValue.EmptyString;

    public static RedisValue Write(int? number) => number ?? RedisValue.EmptyString;

    private static DateTimeOffset? Time(RedisValue value) => value.IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)value);
}

/// <summary>A placement as stored, under its names in version 0.1.</summary>
internal sealed record StoredPlacement(string ContainerId, string Image, string ImageId, string? Address, int? HostPort)
{
    public static StoredPlacement Of(RunnerPlacement placement) =>
        new(placement.Handle, placement.Image, placement.ImageId, placement.Address, placement.Port);

    public RunnerPlacement ToPlacement() => new(ContainerId, Image, ImageId, Address, HostPort);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredPlacement))]
internal sealed partial class RunnerJson : JsonSerializerContext;
